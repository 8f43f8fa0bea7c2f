import assert from "node:assert/strict";
import net from "node:net";
import { freePort, listenOn } from "../../support/ports.ts";

Deno.test("freePort() gives different ports that can be listened on, at once, while processes start", async () => {
  const starting = new AbortController();
  // Each holds copies of our sockets until it becomes its own program.
  const starts = (async () => {
    while (!starting.signal.aborted) await new Deno.Command("true").output();
  })();
  const ports = Array.from({ length: 200 }, () => freePort());
  assert.equal(new Set(ports).size, 200);
  for (const port of ports) Deno.listen({ hostname: "127.0.0.1", port }).close();
  starting.abort();
  await starts;
});

Deno.test("freePort() leaves out what somebody listens on", () => {
  const port = freePort();
  using _taken = Deno.listen({ hostname: "127.0.0.1", port: port + 1 });
  assert.notEqual(freePort(), port + 1);
});

Deno.test("listenOn() waits until who has the port leaves it", async () => {
  const port = freePort();
  const taken = Deno.listen({ hostname: "127.0.0.1", port });
  const server = net.createServer();
  const listening = listenOn(server, port);
  setTimeout(() => taken.close(), 20);
  await listening;
  await new Promise((resolve) => server.close(resolve));
});
