import { type TempDir, tempDir } from "../../support/temp_dir.ts";

/** A program that runs another in a special way: it can stand where a test expects the relay. */
export interface Wrapper extends AsyncDisposable {
  readonly path: string;
  readonly folder: TempDir;
}

/** `command` is shell; `"$@"` in it are the arguments that the relay would get, `$FOLDER` a folder for its own files. */
export async function wrapper(command: string): Promise<Wrapper> {
  const folder = await tempDir("relay-wrapper-");
  const path = folder.file("run");
  const script = `#!/bin/sh\nFOLDER='${folder.path}'\nexec ${command}\n`;
  await Deno.writeTextFile(path, script, { mode: 0o755 });
  return { path, folder, [Symbol.asyncDispose]: () => folder.remove() };
}
