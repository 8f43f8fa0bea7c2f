import assert from "node:assert/strict";
import { systemClock } from "../../../src/base/clock.ts";
import { silentLogger } from "../../../src/base/log.ts";
import type { IrcBridgeOptions } from "../../../src/bridges/irc/link/options.ts";
import { IrcCheck } from "../../../src/commands/doctor/irc_check.ts";
import type { AccountId } from "../../../src/relay/port/ids.ts";
import { startIrcServer } from "../../sandbox/irc/irc_sandbox.ts";
import { ircOptions } from "../../support/irc_options.ts";
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
  const doctor = looking({ ...common, host: "other.example", tls: { verify: true } });
  assert.equal(await doctor.ready.promise, null, "the certificate is for another name");
  const looked = await doctor.lookAtCertificate(5_000);
  assert.ok(typeof looked !== "string", "a certificate");
  assert.equal(looked.fingerprint.replaceAll(":", "").toLowerCase(), paths.fingerprint);
  await doctor.close();
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

  const doctor = looking({ host: "other.example", port: 1, proxy: { ...refusing, login: null } });
  assert.equal(await doctor.ready.promise, null);
  assert.match(doctor.end?.reason ?? "", /SOCKS5 proxy/);
  await doctor.close();
  await using four = start(server, { proxy: { host: "127.0.0.1", port: 1, login: null } });
  assert.match((await four.ended).reason, /proxy 127\.0\.0\.1:1.*refused/i);
});

/** What the doctor makes of a server. */
function looking(
  options:
    & Pick<IrcBridgeOptions, "host" | "port" | "proxy">
    & Pick<Partial<IrcBridgeOptions>, "tls">,
): IrcCheck {
  const own = { account: "irc.test" as AccountId, nick: "doctor", random: () => 0.5 };
  const all = { ...own, clock: systemClock, log: silentLogger, ...options };
  return new IrcCheck(ircOptions(all), new AbortController().signal);
}
