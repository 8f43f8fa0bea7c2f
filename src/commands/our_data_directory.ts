import type { Logger } from "../base/log.ts";
import {
  type DataDirectory,
  dataDirectory,
  openDataDirectory,
  type OpenOptions,
} from "../store/data_directory.ts";

/** Opens the data directory of this program, wherever it is. Throws a DataDirectoryError. */
export function openOurDataDirectory(
  log: Logger,
  access: OpenOptions["access"] = "own",
): Promise<DataDirectory> {
  const path = dataDirectory({
    env: (name) => Deno.env.get(name),
    standalone: Deno.build.standalone,
    home: Deno.env.get("HOME") ?? null,
  });
  return openDataDirectory({ path, log, access });
}
