/** A folder of its own for one test; it goes when the test's scope ends (`await using`). */
export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Path of something inside. */
  file(name: string): string;
  /** Removes the folder with all that is in it. Idempotent. */
  remove(): Promise<void>;
}

/** Makes an empty folder under the system's temporary directory. */
export async function tempDir(prefix = "relay-test-"): Promise<TempDir> {
  const path = await Deno.makeTempDir({ prefix });
  return {
    path,
    file: (name) => `${path}/${name}`,
    remove: () => removeTree(path),
    [Symbol.asyncDispose]: () => removeTree(path),
  };
}

async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
