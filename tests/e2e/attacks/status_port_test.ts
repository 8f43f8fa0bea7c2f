import assert from "node:assert/strict";
import { SandboxWorld } from "../support/sandbox_world.ts";
import { until } from "../../support/wait.ts";

const encoder = new TextEncoder();

/** A relay with its status page on a free port. */
async function watched(general = ""): Promise<{ world: SandboxWorld; port: number }> {
  const world = await SandboxWorld.create({ general: `StatusListen="127.0.0.1:0"\n${general}` });
  const [, port = ""] = await world.relay.waitForLog(/status page on http:\/\/127\.0\.0\.1:(\d+)/);
  return { world, port: Number(port) };
}

/** Sends bytes as they stand, and answers the status code and the whole answer; 0 for none. */
async function ask(port: number, bytes: string): Promise<{ status: number; text: string }> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(encoder.encode(bytes));
  const text = await new Response(conn.readable).text().catch(() => "");
  return { status: Number(text.split(" ")[1] ?? 0), text };
}

const get = (port: number, path: string, headers = "") =>
  ask(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers}\r\n`);

function descriptors(pid: number): number {
  return [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
}

Deno.test("attack: a thousand idle sockets on the status port take neither descriptors nor the page", async () => {
  const { world, port } = await watched();
  await using _ = world;
  const before = descriptors(world.relay.pid);
  const sockets: Deno.TcpConn[] = [];
  for (let count = 0; count < 1_000; count++) {
    sockets.push(await Deno.connect({ hostname: "127.0.0.1", port }));
    // Some say a little, so that they are no longer quite idle.
    if (count % 3 === 0) await sockets.at(-1)?.write(encoder.encode("GET / HT")).catch(() => {});
  }
  assert.equal((await get(port, "/healthz")).status, 200);
  assert.ok(descriptors(world.relay.pid) - before <= 70, "connections have a bound");
  world.irc.say("alice", "#films", "still here");
  assert.ok((await world.inKosmi()).some((text) => text.endsWith("still here")));
  for (const socket of sockets) socket.close();
  await until(() => descriptors(world.relay.pid) - before <= 3, "all connections to end", 15_000);
});

Deno.test("attack: a request that comes slowly is let go after ten seconds, head or body", async () => {
  const { world, port } = await watched('StatusToken="0123456789abcdef"');
  await using _ = world;
  const startedAtMs = performance.now();
  const head = ask(port, "GET / HTTP/1.1\r\nHost: 127.0.0.1");
  const body = ask(
    port,
    `POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\ntoken=`,
  );
  assert.deepEqual((await Promise.all([head, body])).map(({ status }) => status), [0, 0]);
  const tookMs = performance.now() - startedAtMs;
  assert.ok(tookMs > 8_000 && tookMs < 15_000, `${tookMs} ms`);
});

Deno.test("attack: what is no request of HTTP gets a 4xx, and no line in the log", async () => {
  const { world, port } = await watched();
  await using _ = world;
  const since = world.relay.mark();
  const host = `Host: 127.0.0.1:${port}\r\n`;
  const cases: readonly (readonly [string, number])[] = [
    ["GET / HTTP/1.1\r\nHost: [bad1\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n\r\n", 400],
    ["GET http://evil.example/ HTTP/1.1\r\n" + host + "\r\n", 400],
    ["GET //evil.example/ HTTP/1.1\r\n" + host + "\r\n", 400],
    ["GET / HTTP/1.1\r\n" + host + "X: a\x00b\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n" + host + " folded: a\r\n\r\n", 400],
    ["GET / HTTP/9\r\n" + host + "\r\n", 400],
    ["\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400],
    ["CONNECT / HTTP/1.1\r\n" + host + "\r\n", 405],
    ["TRACE / HTTP/1.1\r\n" + host + "\r\n", 405],
    ["POST /login HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411],
    ["POST /login HTTP/1.1\r\n" + host + "Content-Length: 99999999999\r\n\r\n", 413],
    ["POST /login HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\n" + host + "X: " + "x".repeat(20_000) + "\r\n\r\n", 431],
    ["GET / HTTP/1.1\r\n" + host + "X: y\r\n".repeat(200) + "\r\n", 431],
  ];
  for (const [bytes, status] of cases) {
    const answer = await ask(port, bytes);
    assert.equal(answer.status, status, `${JSON.stringify(bytes.slice(0, 80))}: ${answer.text}`);
  }
  assert.equal((await get(port, "/healthz")).status, 200);
  assert.equal(world.relay.output.slice(since), "");
});

Deno.test("attack: a web page in the operator's browser reads nothing and changes nothing", async () => {
  const { world, port } = await watched();
  await using _ = world;
  // DNS rebinding: the page's own name leads here.
  for (const name of ["evil.example", "127.0.0.1.evil.example", `evil.example:${port}`]) {
    const answer = await ask(port, `GET / HTTP/1.1\r\nHost: ${name}\r\n\r\n`);
    assert.equal(answer.status, 421, name);
    assert.doesNotMatch(answer.text, /irc\.test/);
  }
  assert.equal((await get(port, "/events", "Sec-Fetch-Site: cross-site\r\n")).status, 403);
  const page = await get(port, "/", "Origin: https://evil.example\r\n");
  assert.doesNotMatch(page.text, /access-control-allow/i);
  assert.match(page.text, /x-frame-options: DENY/i);
  assert.match(page.text, /content-security-policy: default-src 'none'/i);
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const answer = await ask(
      port,
      `${method} / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 0\r\n\r\n`,
    );
    assert.equal(answer.status, 405, method);
  }
});

Deno.test("attack: what people say is text on the page, and never a part of it", async () => {
  const { world, port } = await watched("StatusShowMessages=true");
  await using _ = world;
  world.irc.say(
    "alice",
    "#films",
    `<script src=//evil.example></script><img src=x onerror=alert(1)>`,
  );
  world.kosmi.say(
    "@movienight",
    { name: `"><script>alert(2)</script>` },
    "\u202Egnp.exe \x1b[2J hi",
  );
  await world.inIrc();
  await world.inKosmi();
  const { text } = await get(port, "/");
  assert.match(text, /&lt;script src=\/\/evil\.example&gt;/);
  assert.doesNotMatch(text, /<script src=\/\/evil|<img src=x|<script>alert/);
  assert.equal((text + world.relay.output).includes("\x1b"), false);
});
