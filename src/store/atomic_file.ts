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
