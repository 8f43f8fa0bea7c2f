import type { Logger } from "../../base/log.ts";
import { DataDirectoryError, explainFault, octal } from "./data_directory_error.ts";
import { type Lock, LOCK_NAME, takeLock } from "./lock.ts";
import {
  inspectFile,
  lstatOrNull,
  readSafely,
  TEMPORARY_PREFIX,
  writeAtomically,
} from "./safe_file.ts";

export { DataDirectoryError, type DataDirectoryFault } from "./data_directory_error.ts";

/** The folder with everything that outlives the process. Names are plain file names, never paths. */
export interface DataDirectory extends AsyncDisposable {
  readonly path: string;
  /** False on a read-only disk: writing fails, and the program goes on in memory. */
  readonly writable: boolean;
  /** The content, null when there is no such file. Throws a DataDirectoryError. */
  read(name: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Replaces the file, mode 0600: after a crash it is the old one or the new one. Throws a DataDirectoryError. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** False when there was none. Throws a DataDirectoryError. */
  remove(name: string): Promise<boolean>;
  /** Renames within the folder, replacing. Throws a DataDirectoryError. */
  rename(from: string, to: string): Promise<void>;
  /** Names of all files and folders in it. */
  list(): Promise<string[]>;
  /**
   * The path of a file for a library that opens it by itself: checked as if opened here, and created empty with mode
   * 0600 when missing. `companions` are files that the library makes beside it: only checked.
   */
  prepareFile(name: string, companions?: readonly string[]): Promise<string>;
  /** A new folder, mode 0700, for this run only; its path. What a crash left is removed at the next start. */
  makeScratch(): Promise<string>;
  /** Gives the lock back. Idempotent. */
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly path: string;
  readonly log: Logger;
  /**
   * "own" (the relay): creates the folder where missing and keeps every other process out. "look" (token status):
   * creates and locks nothing, works beside a running relay, and must not write.
   */
  readonly access?: "own" | "look";
}

const SCRATCH_PREFIX = ".scratch-";

/** Opens the data directory. Throws a DataDirectoryError that says what to do. */
export async function openDataDirectory(options: OpenOptions): Promise<DataDirectory> {
  const { path, log, access = "own" } = options;
  if (access === "look") return new OpenDirectory(path, log, null, false);
  try {
    await ensureFolder(path, log);
    const lock = await lockFolder(path, log);
    if (lock !== null) await removeLeftovers(path);
    return new OpenDirectory(path, log, lock, lock !== null);
  } catch (error) {
    throw await explainFault(error, "use the data directory", path);
  }
}

async function ensureFolder(path: string, log: Logger): Promise<void> {
  const info = await Deno.stat(path).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  });
  if (info === null) {
    await Deno.mkdir(path, { recursive: true, mode: 0o700 });
  } else if (!info.isDirectory) {
    throw new DataDirectoryError(
      "unsafe",
      `Cannot use the data directory ${path}: it is not a folder`,
      `Move it away${Deno.build.standalone ? "" : " or set MATTERBRIDGE_DATA_DIR"}.`,
    );
  } else if (info.mode !== null && (info.mode & 0o022) !== 0) {
    log.warn(
      "Other users can write into the data directory {path} (mode {mode}). Run: chmod 700 {path}",
      { path, mode: octal(info.mode) },
    );
  }
}

/** Null when this folder can't be locked: nothing can be written either, or the file system has no locks. */
async function lockFolder(path: string, log: Logger): Promise<Lock | null> {
  const lockPath = `${path}/${LOCK_NAME}`;
  await inspectFile(lockPath, log);
  const attempt = await takeLock(lockPath).catch(async (error) => {
    // A folder of our own without the right to write is like a read-only disk; a stranger's is a fault of set-up.
    if (await isForeign(path, error)) throw error;
    return { kind: "unavailable" as const, cause: error };
  });
  switch (attempt.kind) {
    case "held":
      return attempt.lock;
    case "taken":
      throw lockedError(path, attempt.pid);
    case "unavailable":
      log.warn("{fault} The relay goes on and keeps in memory what it can't store there.", {
        fault: (await explainFault(attempt.cause, "write to the data directory", path)).message,
      });
      return null;
  }
}

async function isForeign(path: string, error: unknown): Promise<boolean> {
  if (!(error instanceof Deno.errors.PermissionDenied)) return true;
  try {
    return (await Deno.stat(path)).uid !== Deno.uid();
  } catch {
    return true;
  }
}

function lockedError(path: string, pid: number | null): DataDirectoryError {
  const who = pid === null ? "another process" : `the process with pid ${pid}`;
  return new DataDirectoryError(
    "locked",
    `Cannot use the data directory ${path}: ${who} is using it`,
    `Stop that one first${otherFolder(path)}.`,
  );
}

/** The binary may use the folder that it was built with, and no other. */
function otherFolder(path: string): string {
  if (!Deno.build.standalone) {
    return ", or give this one a folder of its own with MATTERBRIDGE_DATA_DIR";
  }
  return path.startsWith("/") ? "" : ", or start this one in another folder";
}

/** Only with the lock held: then nobody else's writing can be under way. */
async function removeLeftovers(path: string): Promise<void> {
  for await (const entry of Deno.readDir(path)) {
    if (!entry.name.startsWith(TEMPORARY_PREFIX) && !entry.name.startsWith(SCRATCH_PREFIX)) {
      continue;
    }
    await Deno.remove(`${path}/${entry.name}`, { recursive: true }).catch(() => {});
  }
}

class OpenDirectory implements DataDirectory {
  readonly path: string;
  readonly writable: boolean;
  readonly #log: Logger;
  readonly #lock: Lock | null;

  constructor(path: string, log: Logger, lock: Lock | null, writable: boolean) {
    this.path = path;
    this.writable = writable;
    this.#log = log;
    this.#lock = lock;
  }

  read(name: string, maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    return readSafely(this.#at(name), maxBytes, this.#log);
  }

  async write(name: string, bytes: Uint8Array): Promise<void> {
    this.#at(name);
    await explained(writeAtomically(this.path, name, bytes), "write to", this.path);
  }

  async remove(name: string): Promise<boolean> {
    const path = this.#at(name);
    if (await explained(lstatOrNull(path), "look at", path) === null) return false;
    await explained(Deno.remove(path, { recursive: true }), "remove", path);
    return true;
  }

  async rename(from: string, to: string): Promise<void> {
    await explained(Deno.rename(this.#at(from), this.#at(to)), "rename", this.#at(from));
  }

  async list(): Promise<string[]> {
    const names = async () =>
      (await Array.fromAsync(Deno.readDir(this.path))).map((entry) => entry.name);
    return await explained(names(), "list", this.path);
  }

  async prepareFile(name: string, companions: readonly string[] = []): Promise<string> {
    const path = this.#at(name);
    for (const companion of companions) {
      await explained(inspectFile(this.#at(companion), this.#log), "use", this.#at(companion));
    }
    if (await explained(inspectFile(path, this.#log), "use", path) === null) {
      const create = Deno.open(path, { write: true, createNew: true, mode: 0o600 });
      (await explained(create, "create", path)).close();
    }
    return path;
  }

  async makeScratch(): Promise<string> {
    const path = `${this.path}/${SCRATCH_PREFIX}${crypto.randomUUID().slice(0, 8)}`;
    await explained(Deno.mkdir(path, { mode: 0o700 }), "create", path);
    return path;
  }

  close(): Promise<void> {
    this.#lock?.release();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #at(name: string): string {
    if (name === "" || name === "." || name === ".." || /[/\\\0]/.test(name)) {
      throw new TypeError(
        `Cannot use ${JSON.stringify(name)} as a file name in the data directory`,
      );
    }
    return `${this.path}/${name}`;
  }
}

async function explained<T>(work: Promise<T>, action: string, path: string): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw await explainFault(error, action, path);
  }
}

/** What decides where the data directory is. `env` answers undefined for a variable that is not set. */
interface DataDirectoryChoice {
  readonly env: (name: string) => string | undefined;
  /** True in the compiled binary (Deno.build.standalone), which also is what the container runs. */
  readonly standalone: boolean;
  /** The person's home folder, null where none is known. */
  readonly home: string | null;
}

/**
 * The data directory: MATTERBRIDGE_DATA_DIR where set, else ./data for the binary and the container, else
 * ~/.matterbridge. Touches nothing.
 */
export function dataDirectory(choice: DataDirectoryChoice): string {
  const named = choice.env("MATTERBRIDGE_DATA_DIR")?.trim() ?? "";
  if (named !== "") return withoutTrailingSlash(named);
  if (choice.standalone || choice.home === null || choice.home === "") return "./data";
  return `${withoutTrailingSlash(choice.home)}/.matterbridge`;
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") || "/" : path;
}
