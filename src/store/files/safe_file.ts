import type { Logger } from "../../base/log.ts";
import { DataDirectoryError, explainFault, octal } from "./data_directory_error.ts";

const OWNER_ONLY = 0o600;

/**
 * Looks at a path before it is opened: null when nothing is there, an error for a link or anything but a file. The
 * sandbox of the compiled binary follows a link inside the data directory out of it, so none is ever opened. Wider
 * permissions than the owner's are narrowed, with a warning.
 */
export async function inspectFile(path: string, log: Logger): Promise<Deno.FileInfo | null> {
  const info = await lstatOrNull(path);
  if (info === null) return null;
  if (info.isSymlink) {
    throw new DataDirectoryError(
      "unsafe",
      `Cannot use ${path}: it is a symbolic link, and nothing is opened through one`,
      "Put the file itself there, or remove the link.",
    );
  }
  if (!info.isFile) {
    throw new DataDirectoryError("unsafe", `Cannot use ${path}: it is not a file`, "Move it away.");
  }
  await narrow(path, info, log);
  return info;
}

async function narrow(path: string, info: Deno.FileInfo, log: Logger): Promise<void> {
  if (info.mode === null || (info.mode & 0o077) === 0) return;
  const found = { file: path, mode: octal(info.mode) };
  try {
    await Deno.chmod(path, OWNER_ONLY);
    log.warn("Permissions of {file} were {mode}: others could read it; narrowed to 0600", found);
  } catch {
    log.warn(
      "Permissions of {file} are {mode}: others can read it, and they can't be changed here. " +
        "Run chmod 600 on it as its owner",
      found,
    );
  }
}

/** The bytes of a file that `inspectFile` lets pass; null when it is not there. */
export async function readSafely(
  path: string,
  maxBytes: number,
  log: Logger,
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const seen = await inspectFile(path, log);
    if (seen === null) return null;
    using file = await Deno.open(path, { read: true });
    const opened = await file.stat();
    if (opened.ino !== seen.ino || opened.dev !== seen.dev) {
      throw new DataDirectoryError(
        "unsafe",
        `Cannot read ${path}: it was replaced while it was opened.`,
      );
    }
    return await readUpTo(file, maxBytes, path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw await explainFault(error, "read", path);
  }
}

async function readUpTo(
  file: Deno.FsFile,
  maxBytes: number,
  path: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(maxBytes + 1);
  let filled = 0;
  while (filled < buffer.length) {
    const count = await file.read(buffer.subarray(filled));
    if (count === null) return buffer.slice(0, filled);
    filled += count;
  }
  throw new FileTooLargeError(path, maxBytes);
}

/** A file is far larger than what belongs there. */
export class FileTooLargeError extends DataDirectoryError {
  constructor(path: string, maxBytes: number) {
    super("unsafe", `Cannot read ${path}: it is larger than ${maxBytes} bytes.`);
  }
}

/** What is at a path, not following a link; null for nothing. */
export async function lstatOrNull(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Names of files that are being written begin so; what a crash left of them can be removed at the next start. */
export const TEMPORARY_PREFIX = ".tmp-";

/**
 * Replaces `directory`/`name` with these bytes, mode 0600: whoever reads it, and whatever happens (kill -9, power cut),
 * finds the old content or the new one. Follows no symbolic link. On failure the old file stands and nothing is left.
 */
export async function writeAtomically(
  directory: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const temporary = `${directory}/${TEMPORARY_PREFIX}${Deno.pid}-${crypto.randomUUID()}`;
  try {
    await writeAndSync(temporary, bytes);
    await Deno.rename(temporary, `${directory}/${name}`);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  await syncDirectory(directory);
}

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  // createNew refuses whatever lies there, a planted link included.
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  let written = 0;
  while (written < bytes.length) written += await file.write(bytes.subarray(written));
  await file.sync();
}

/** Makes the rename itself last. Not every file system can: the content is safe without it. */
async function syncDirectory(directory: string): Promise<void> {
  try {
    using handle = await Deno.open(directory, { read: true });
    await handle.sync();
  } catch {
    return;
  }
}
