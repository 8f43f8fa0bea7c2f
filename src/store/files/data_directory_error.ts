import { AdvisedError, describeError } from "../../base/errors.ts";

/** Why something in the data directory can't be used; callers branch on it. */
export type DataDirectoryFault =
  /** Another process has it. */
  | "locked"
  /** The sandbox of the compiled binary forbids it. */
  | "sandbox"
  /** The file system's owner or mode forbids it. */
  | "denied"
  /** A symbolic link, or not of the kind it has to be. */
  | "unsafe"
  /** Read-only or full disk, input/output error. */
  | "broken";

/** The data directory can't be used. */
export class DataDirectoryError extends AdvisedError {
  override readonly name = "DataDirectoryError";
  constructor(readonly fault: DataDirectoryFault, seen: string, remedy: string | null = null) {
    super(seen, remedy);
  }
}

/** `action` reads like "write to"; the path is what it was done to. A DataDirectoryError passes as it is. */
export async function explainFault(
  thrown: unknown,
  action: string,
  path: string,
): Promise<DataDirectoryError> {
  if (thrown instanceof DataDirectoryError) return thrown;
  if (thrown instanceof Deno.errors.NotCapable) return sandboxError(action, path);
  if (thrown instanceof Deno.errors.PermissionDenied) {
    const [seen, remedy] = await whoMay(path);
    return new DataDirectoryError("denied", `Cannot ${action} ${path}: ${seen}`, remedy);
  }
  // The runtime repeats call and path behind the system's own words.
  const seen = describeError(thrown).replace(/ \(os error \d+\).*/, "");
  return new DataDirectoryError("broken", `Cannot ${action} ${path}: ${seen}.`);
}

function sandboxError(action: string, path: string): DataDirectoryError {
  return new DataDirectoryError(
    "sandbox",
    `Cannot ${action} ${path}: this program is only allowed to touch the folder "data" where it is started`,
    `Start it in the folder that holds "data" and leave MATTERBRIDGE_DATA_DIR unset, or set it to that folder.`,
  );
}

/** Whose it is and what to run, found at the path itself or at the nearest folder above that can be looked at. */
async function whoMay(path: string): Promise<readonly [seen: string, remedy: string]> {
  const found = await nearestStat(path);
  if (found === null) {
    return ["permission denied", "Give this program's user read and write access to it."];
  }
  const own = ownUid();
  const { at, info } = found;
  if (info.uid !== null && own !== null && info.uid !== own && own !== 0) {
    return [
      `${at} belongs to uid ${info.uid}, this program runs as uid ${own}`,
      `Run: chown -R ${own} ${at} (for a container: on the host${orBeIts(info.uid)}).`,
    ];
  }
  if (own === null && info.uid !== null) {
    return [
      `permission denied; ${at} belongs to uid ${info.uid}`,
      "If this program runs as another user, run " +
      `chown -R <its uid> ${at} (for a container: on the host, on the mounted folder), else chmod u+rwX ${at}.`,
    ];
  }
  const mode = info.mode === null ? "" : ` with mode ${octal(info.mode)}`;
  return [
    `permission denied; ${at} belongs to uid ${info.uid ?? "unknown"}${mode}`,
    `Run: chmod u+rwX ${at}, as its owner.`,
  ];
}

/** A container may run as the owner instead, but not as root. */
export function orBeIts(uid: number): string {
  return uid === 0 ? "" : `, or set KOSMI_RELAY_UID=${uid} in .env beside docker-compose.yml`;
}

async function nearestStat(path: string): Promise<{ at: string; info: Deno.FileInfo } | null> {
  let at = path;
  while (true) {
    try {
      return { at, info: await Deno.stat(at) };
    } catch {
      const slash = at.lastIndexOf("/");
      if (slash <= 0) return null;
      at = at.slice(0, slash);
    }
  }
}

/** Null where the runtime does not tell (the compiled binary without the permission for it). */
function ownUid(): number | null {
  try {
    return Deno.uid();
  } catch {
    return null;
  }
}

/** A file mode as `chmod` takes it. */
export function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
