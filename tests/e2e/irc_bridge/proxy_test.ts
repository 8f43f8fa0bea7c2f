import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { probeDial } from "../../../src/bridges/irc/diagnosis/dial_probe.ts";
import { startIrcServer } from "../../sandbox/irc/irc_sandbox.ts";
import { makeCertificate } from "../../support/irc_servers/certificate.ts";
import { needs } from "../../support/skip.ts";
import { startSocksServer } from "../../support/socks_server.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { start } from "./running_bridge.ts";

Deno.test("Proxy: all goes through it, and it looks the server's name up", async () => {
  await using server = await startIrcServer();
  await using proxy = await startSocksServer({ hosts: { "hidden.onion": "127.0.0.1" } });
  await using relay = start(server, { host: "hidden.onion", proxy: { ...proxy, login: null } });
  await relay.up();
  assert.deepEqual(proxy.wishes, [`hidden.onion:${server.port}`]);
});

needs("openssl")("Proxy: TLS stands between us and the server, its name checked", async () => {
  await using dir = await tempDir();
  const paths = await makeCertificate(dir.path);
  const [cert = "", key = "", ca = ""] = await Promise.all(
    [paths.certPath, paths.keyPath, paths.caPath].map((path) => Deno.readTextFile(path)),
  );
  await using server = await startIrcServer({ tls: { cert, key } });
  await using proxy = await startSocksServer({
    login: { user: "me", password: "pw" },
    hosts: { "localhost": "127.0.0.1", "other.example": "127.0.0.1" },
  });
  const common = {
    port: server.tlsPort ?? 0,
    tls: { verify: true, caPem: [ca] },
    proxy: { host: proxy.host, port: proxy.port, login: { user: "me", password: "pw" } },
  };
  await using relay = start(server, { ...common, host: "localhost" });
  await relay.up();
  await using wrong = start(server, { ...common, host: "other.example", nick: "wrong" });
  const end = await wrong.ended;
  assert.equal(end.kind, "refused");
  assert.match(end.reason, /certificate/i);
  await using pinned = start(server, {
    ...common,
    host: "other.example",
    nick: "pinned",
    tls: { verify: true, pinSha256: [paths.fingerprint] },
  });
  await pinned.up();
  const never = new AbortController().signal;
  const looked = await probeDial({
    ...{ host: "other.example", port: common.port, bind: null, proxy: common.proxy },
    ...{ tls: { clientCertificatePem: null }, clock: systemClock, limitMs: 5_000 },
  }, never);
  assert.deepEqual([
    looked.fault,
    looked.certificate?.fingerprint.replaceAll(":", "").toLowerCase(),
  ], [
    null,
    paths.fingerprint,
  ]);
  for (const bridge of [relay, pinned]) await bridge.stop();
  await proxy.quiet();
});

Deno.test("Proxy: its refusals name the proxy, and nothing is left open", async () => {
  await using server = await startIrcServer();
  await using refusing = await startSocksServer({ habit: "refuse" });
  await using one = start(server, { proxy: { ...refusing, login: null } });
  const refused = await one.ended;
  assert.equal(refused.kind, "lost");
  assert.match(refused.reason, /SOCKS5 proxy 127\.0\.0\.1:\d+.*(refused|not allowed)/i);

  await using closed = await startSocksServer({ login: { user: "a", password: "b" } });
  await using two = start(server, { proxy: { ...closed, login: { user: "a", password: "x" } } });
  assert.match((await two.ended).reason, /SOCKS5 proxy.*(login|auth)/i);

  await using silent = await startSocksServer({ habit: "silent" });
  await using three = start(server, {
    proxy: { ...silent, login: null },
    limits: { connectMs: 100 },
  });
  assert.match((await three.ended).reason, /no answer within/);
  assert.deepEqual([refusing.openConnections, closed.openConnections], [0, 0]);

  const looked = await probeDial({
    ...{ host: "other.example", port: 1, bind: null, proxy: { ...refusing, login: null } },
    ...{ tls: null, clock: systemClock, limitMs: 5_000 },
  }, new AbortController().signal);
  assert.match(looked.fault?.said ?? "", /SOCKS5 proxy/);
  await using four = start(server, { proxy: { host: "127.0.0.1", port: 1, login: null } });
  assert.match((await four.ended).reason, /proxy 127\.0\.0\.1:1.*refused/i);
});
