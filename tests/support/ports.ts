/** Below Linux's range for outgoing connections (32768 and up), so that a port stays ours while its server is down. */
const LOWEST = 15_000;
const HIGHEST = 32_000;

const given = new Set<number>();

/**
 * A TCP port of 127.0.0.1 that nobody listens on, for a server that can't be told "port 0" or must come back on the
 * same port. Never the same twice in one process.
 */
export function freePort(): number {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port) || !isFree(port)) continue;
    given.add(port);
    return port;
  }
  throw new Error(`Cannot find a free port between ${LOWEST} and ${HIGHEST} on 127.0.0.1`);
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
