import type { Logger } from "../../base/log.ts";
import {
  type DataDirectory,
  dataDirectory,
  DataDirectoryError,
  openDataDirectory,
  type OpenOptions,
} from "../../store/files/data_directory.ts";
import { buildInfo } from "./build_info.ts";
import { mayRead, refusal } from "./refusal.ts";

/** Opens the data directory of this program, wherever it is. Throws a DataDirectoryError. */
export async function openOurDataDirectory(
  log: Logger,
  access: OpenOptions["access"] = "own",
): Promise<DataDirectory> {
  const path = ourDataDirectory();
  if (!await mayRead(path)) {
    const { seen, remedy } = refusal({ kind: "data", path });
    throw new DataDirectoryError("sandbox", seen, remedy);
  }
  return await openDataDirectory({ path, log, access });
}

/** Where the data directory is: the environment decides, else what the binary was built with. */
export function ourDataDirectory(): string {
  const built = buildInfo().dataDirectory;
  const named = Deno.env.get("MATTERBRIDGE_DATA_DIR")?.trim() ?? "";
  // The folder of an ordinary build is written as ./data in what people are told.
  if (named === "" && built !== null && built !== "data") return built;
  return dataDirectory({
    env: (name) => Deno.env.get(name),
    standalone: Deno.build.standalone,
    home: Deno.env.get("HOME") ?? null,
  });
}

/**
 * Refuses a file that the compiled binary would reach through a link in its data directory: the runtime looks at the name,
 * and follows links wherever they lead. Run from source there is no such border.
 */
export async function refuseLinkOut(path: string): Promise<void> {
  if (!Deno.build.standalone) return;
  const [file, folder] = await Promise.all(
    [path, ourDataDirectory()].map((one) => Deno.realPath(one)),
  );
  if (folder !== undefined && file?.startsWith(`${folder}/`)) return;
  throw new DataDirectoryError(
    "unsafe",
    `Cannot use ${path}: a symbolic link leads out of the data directory`,
    "Put the file itself there.",
  );
}
