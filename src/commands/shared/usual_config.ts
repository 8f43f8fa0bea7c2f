import { buildInfo } from "./build_info.ts";
import { ourDataDirectory } from "./open_data_directory.ts";

/** The sample that a copy of the repository has, and the name that Matterbridge's users know. */
export const PLAIN_CONFIG = "matterbridge.toml";
/** What git ignores: secrets may stand in it. */
export const LOCAL_CONFIG = "matterbridge.local.toml";

/**
 * The configuration where -conf names none: the first that is there of what belongs to this place alone, what `init` wrote
 * where the binary may write, and matterbridge.toml. A binary that was built with another one has that alone.
 */
export async function usualConfig(): Promise<string> {
  const built = buildInfo().config;
  if (built !== null && built !== PLAIN_CONFIG) return built;
  const written = Deno.build.standalone ? [`${ourDataDirectory()}/${PLAIN_CONFIG}`] : [];
  for (const path of [LOCAL_CONFIG, ...written]) {
    if (await isThere(path)) return path;
  }
  return PLAIN_CONFIG;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.lstat(path).then((info) => !info.isDirectory, () => false);
}
