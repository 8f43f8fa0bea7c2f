import { tempDir } from "../../support/temp_dir.ts";

/** Far more than the relay needs in one run, and filled in a moment. */
const SIZE = "32m";

/** A file system of its own that can be filled up. Only root can have one. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  fill(): Promise<void>;
  free(): Promise<void>;
}

export async function mountSmallDisk(): Promise<SmallDisk> {
  const dir = await tempDir("small-disk-");
  await run("mount", ["-t", "tmpfs", "-o", `size=${SIZE},mode=0700`, "tmpfs", dir.path]);
  const filler = dir.file("filler");
  return {
    path: dir.path,
    fill: () => fill(filler),
    free: () => Deno.remove(filler).catch(() => {}),
    async [Symbol.asyncDispose]() {
      await run("umount", ["-l", dir.path]);
      await dir.remove();
    },
  };
}

/** Whether this machine lets us mount one. */
export async function canMount(): Promise<boolean> {
  try {
    await using _disk = await mountSmallDisk();
    return true;
  } catch {
    return false;
  }
}

/** Writes until nothing more fits, down to the last byte. */
async function fill(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, append: true });
  for (let size = 1 << 20; size >= 1; size >>= 2) {
    const piece = new Uint8Array(size);
    while (await writes(file, piece));
  }
}

async function writes(file: Deno.FsFile, piece: Uint8Array): Promise<boolean> {
  try {
    return await file.write(piece) === piece.length;
  } catch {
    return false;
  }
}

async function run(command: string, args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args, stdout: "null" }).output();
  if (!success) throw new Error(`Cannot ${command}: ${new TextDecoder().decode(stderr).trim()}`);
}
