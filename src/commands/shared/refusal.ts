import { AdvisedError } from "../../base/errors.ts";
import { orBeIts } from "../../store/files/data_directory_error.ts";
import { type BuildInfo, buildInfo } from "./build_info.ts";

/** What the binary was asked to touch and may not. */
type Refused =
  | { readonly kind: "config"; readonly path: string }
  | { readonly kind: "data"; readonly path: string }
  /** A file that the configuration names under `key`. */
  | { readonly kind: "file"; readonly path: string; readonly key: string };

/** One sentence: what was refused, why the program may not, and what to do. */
export function refusal(refused: Refused, built: BuildInfo = buildInfo()): AdvisedError {
  const { path } = refused;
  const data = built.dataDirectory ?? "data";
  const config = built.config ?? "matterbridge.toml";
  const may = "this program was built to touch only its data directory " +
    `(${whereIs(data)}) and its configuration (${whereIs(config)})`;
  switch (refused.kind) {
    case "config":
      return new AdvisedError(
        `Cannot read the configuration ${path}: ${may}`,
        `Move the file there, or rebuild with deno task compile --config=${quoted(path)}.`,
      );
    case "data":
      return new AdvisedError(
        `Cannot use the data directory ${path}: ${may}`,
        "Leave MATTERBRIDGE_DATA_DIR unset or set it to that folder, or rebuild with " +
          `deno task compile --data-dir=${quoted(path)}.`,
      );
    case "file":
      return new AdvisedError(
        `Cannot read ${path}, which ${refused.key} names: ${may}`,
        `Move the file into the data directory and set ${refused.key} to it.`,
      );
  }
}

function whereIs(path: string): string {
  return isAbsolute(path) ? path : `${path} in the folder where it is started`;
}

function isAbsolute(path: string): boolean {
  return path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
}

/** As a shell takes it. */
function quoted(path: string): string {
  return /^[\w./:@%+=-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}

/** Asks the runtime before anything is opened: its own words would name flags of another program. */
export async function mayRead(path: string): Promise<boolean> {
  return (await Deno.permissions.query({ name: "read", path })).state === "granted";
}

/**
 * What to run so that this program may read a file that belongs to somebody else, as the end of a sentence; empty when that
 * is not what is wrong. A container's user is nobody on its host: there it is the commonest fault.
 */
export async function foreignFileHint(path: string): Promise<string> {
  try {
    if (!await isDenied(path)) return "";
    const { uid } = await Deno.stat(path);
    const own = Deno.uid();
    if (uid === null || own === null || uid === own) return "";
    return `: it belongs to uid ${uid}, this program runs as uid ${own}. ` +
      `Run: chown ${own} ${path} (for a container: on the host${orBeIts(uid)})`;
  } catch {
    return "";
  }
}

async function isDenied(path: string): Promise<boolean> {
  try {
    (await Deno.open(path)).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.PermissionDenied;
  }
}
