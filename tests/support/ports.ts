/** Below Linux's range for outgoing connections (32768 and up), so that a port stays ours while its server is down. */
const LOWEST = 15_000;
const HIGHEST = 32_000;
const SLICE = 250;

// Test files run side by side, each in a worker of its own that knows nothing of the others. Each takes a slice of the
// ports and holds it by listening on the slice's first: without it, two might be given one port while its server is down.
const first = takeSlice();
let next = 0;

/** A TCP port of 127.0.0.1 that nobody listens on, for a server that must come back on the port it had. */
export function freePort(): number {
  for (let attempt = 1; attempt < SLICE; attempt++) {
    const port = first + 1 + next++ % (SLICE - 1);
    const listener = listenOn(port);
    if (listener === null) continue;
    listener.close();
    return port;
  }
  throw new Error(`Cannot find a free port between ${first} and ${first + SLICE} on 127.0.0.1`);
}

function takeSlice(): number {
  const slices = Math.floor((HIGHEST - LOWEST) / SLICE);
  const start = Math.floor(Math.random() * slices);
  for (let n = 0; n < slices; n++) {
    const port = LOWEST + ((start + n) % slices) * SLICE;
    const listener = listenOn(port);
    if (listener === null) continue;
    listener.unref();
    return port;
  }
  throw new Error(
    `Cannot find a free slice of ports between ${LOWEST} and ${HIGHEST} on 127.0.0.1`,
  );
}

function listenOn(port: number): Deno.Listener | null {
  try {
    return Deno.listen({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return null;
    throw error;
  }
}
