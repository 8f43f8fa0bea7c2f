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
      `Run: chown ${own} ${path} (for a container: on the host)`;
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
