/** What decides where the data directory is. `env` answers undefined for a variable that is not set. */
export interface DataDirectoryChoice {
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
