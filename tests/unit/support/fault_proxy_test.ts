import assert from "node:assert/strict";
import net from "node:net";
import { startFaultProxy } from "../../support/fault_proxy.ts";
import { within } from "../../support/wait.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

Deno.test("FaultProxy passes bytes both ways and counts them", async () => {
  await using server = startServer("echo");
  await using proxy = await startFaultProxy({ target: server });
  using client = await connect(proxy.port);
  await client.send("hello");
  assert.equal(await client.receive(5), "hello");
  const { accepted, open, bytesToServer, bytesToClient } = proxy.counts;
  assert.deepEqual([accepted, open, bytesToServer, bytesToClient], [1, 1, 5, 5]);
});

Deno.test("FaultProxy.cut() resets by default, and ends in order with fin", async () => {
  await using server = startServer("echo");
  await using proxy = await startFaultProxy({ target: server });
  using first = await connect(proxy.port);
  await first.send("x");
  await first.receive(1);
  proxy.cut();
  await assert.rejects(first.receive(1), Deno.errors.ConnectionReset);
  using second = await connect(proxy.port);
  await second.send("x");
  await second.receive(1);
  proxy.cut("fin");
  assert.equal(await second.receive(1), "");
  await proxy.waitFor((counts) => counts.open === 0, "no connection");
});

Deno.test("FaultProxy.stall() holds everything back until resume()", async () => {
  await using server = startServer("echo");
  await using proxy = await startFaultProxy({ target: server });
  using client = await connect(proxy.port);
  proxy.stall();
  await client.send("held");
  using late = await connect(proxy.port);
  await late.send("late");
  const answer = client.receive(4);
  await assert.rejects(within(answer, "an answer", 100));
  assert.equal(proxy.counts.bytesToServer, 0);
  proxy.resume();
  assert.equal(await answer, "held");
  assert.equal(await late.receive(4), "late");
});

Deno.test("FaultProxy.stall() in one direction lets the other pass", async () => {
  await using server = startServer("echo");
  await using proxy = await startFaultProxy({ target: server });
  using client = await connect(proxy.port);
  proxy.stall("toClient");
  await client.send("there");
  await proxy.waitFor((counts) => counts.bytesToServer === 5, "5 bytes to the server");
  await assert.rejects(within(client.receive(5), "an answer", 50));
  assert.equal(proxy.counts.bytesToClient, 0);
});

Deno.test("FaultProxy.delay() makes each byte late and keeps order", async () => {
  await using server = startServer("echo");
  await using proxy = await startFaultProxy({ target: server });
  using client = await connect(proxy.port);
  proxy.delay(60);
  const startedMs = performance.now();
  await client.send("one ");
  await client.send("two");
  assert.equal(await client.receive(7), "one two");
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 119, `took ${tookMs} ms`);
});

Deno.test("FaultProxy.throttle() limits bytes a second", async () => {
  await using server = startServer("echo");
  await using proxy = await startFaultProxy({ target: server });
  using client = await connect(proxy.port);
  proxy.throttle(10_000, "toServer");
  const startedMs = performance.now();
  await client.send("x".repeat(3_000));
  assert.equal((await client.receive(3_000)).length, 3_000);
  const tookMs = performance.now() - startedMs;
  assert.ok(tookMs >= 200 && tookMs < 2_000, `took ${tookMs} ms`);
});

Deno.test("FaultProxy.halfClose() ends one direction only", async () => {
  await using server = startServer("goodbye");
  await using proxy = await startFaultProxy({ target: server });
  using client = await connect(proxy.port);
  await client.send("hi");
  await proxy.waitFor((counts) => counts.bytesToServer === 2, "2 bytes");
  proxy.halfClose("toServer");
  assert.equal(await client.receive(10), "got 2");
});

Deno.test("FaultProxy passes on the end and the reset of either side", async () => {
  await using server = startServer("goodbye");
  await using proxy = await startFaultProxy({ target: server });
  using client = await connect(proxy.port);
  await client.send("bye");
  await client.end();
  assert.equal(await client.receive(10), "got 3");
  await using resetting = await startResettingServer();
  proxy.retarget(resetting);
  using second = await connect(proxy.port);
  await second.send("boo");
  await assert.rejects(second.receive(1), Deno.errors.ConnectionReset);
});

Deno.test("FaultProxy.refuse() and accept() keep the port and the present connections", async () => {
  await using server = startServer("echo");
  await using proxy = await startFaultProxy({ target: server });
  using client = await connect(proxy.port);
  await client.send("a");
  await client.receive(1);
  const { port } = proxy;
  await proxy.refuse();
  await assert.rejects(connect(port), Deno.errors.ConnectionRefused);
  await client.send("b");
  assert.equal(await client.receive(1), "b");
  await proxy.accept();
  assert.equal(proxy.port, port);
  using again = await connect(port);
  await again.send("c");
  assert.equal(await again.receive(1), "c");
});

Deno.test("FaultProxy counts connections that its target does not take", async () => {
  const server = startServer("echo");
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await using proxy = await startFaultProxy({ target: { port } });
  using client = await connect(proxy.port);
  await assert.rejects(client.receive(1), Deno.errors.ConnectionReset);
  await proxy.waitFor((counts) => counts.unreachable === 1, "1 unreachable");
});

Deno.test("FaultProxy carries 32 MB over 8 connections unaltered", async () => {
  await using server = startServer("echo");
  await using proxy = await startFaultProxy({ target: server });
  const block = "0123456789abcdef".repeat(4_096);
  const talk = async () => {
    using client = await connect(proxy.port);
    const sending = (async () => {
      for (let i = 0; i < 32; i++) await client.send(block);
    })();
    const received = await client.receive(32 * block.length);
    await sending;
    assert.equal(received === block.repeat(32), true);
  };
  await Promise.all(Array.from({ length: 8 }, talk));
  assert.equal(proxy.counts.bytesToClient, 8 * 32 * block.length);
});

type Manner = "echo" | "goodbye";

/** echo: sends everything back; goodbye: counts until the client ends, then tells. */
function startServer(manner: Manner): { hostname: string; port: number } & AsyncDisposable {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const conns = new Set<Deno.Conn>();
  const serving = (async () => {
    for await (const conn of listener) {
      conns.add(conn);
      serve(conn, manner).catch(() => {});
    }
  })();
  return {
    hostname: "127.0.0.1",
    port: listener.addr.port,
    [Symbol.asyncDispose]: async () => {
      listener.close();
      await serving;
      for (const conn of conns) close(conn);
    },
  };
}

/** Resets each connection at its first bytes. */
async function startResettingServer(): Promise<{ port: number } & AsyncDisposable> {
  const server = net.createServer((socket) => socket.on("data", () => socket.resetAndDestroy()));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  return {
    port: address.port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

async function serve(conn: Deno.Conn, manner: Manner): Promise<void> {
  const buffer = new Uint8Array(65_536);
  let total = 0;
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    total += count;
    for (let sent = 0; manner === "echo" && sent < count;) {
      sent += await conn.write(buffer.subarray(sent, count));
    }
  }
  if (manner === "goodbye") await conn.write(encoder.encode(`got ${total}`));
  close(conn);
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Closed before.
  }
}

interface Client extends Disposable {
  send(text: string): Promise<void>;
  end(): Promise<void>;
  /** Reads so many bytes, or fewer when the other side ends. */
  receive(count: number): Promise<string>;
}

async function connect(port: number): Promise<Client> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  return {
    async send(text) {
      const bytes = encoder.encode(text);
      for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
    },
    end: () => conn.closeWrite(),
    async receive(count) {
      const buffer = new Uint8Array(count);
      let got = 0;
      while (got < count) {
        const more = await conn.read(buffer.subarray(got));
        if (more === null) break;
        got += more;
      }
      return decoder.decode(buffer.subarray(0, got));
    },
    [Symbol.dispose]: () => close(conn),
  };
}
