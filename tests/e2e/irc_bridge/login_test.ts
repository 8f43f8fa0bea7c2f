import assert from "node:assert/strict";
import { IrcClient } from "../../support/irc_client.ts";
import { startAtheme, startInspircd, type TestIrcServer } from "../../support/irc_servers.ts";
import { needs } from "../../support/skip.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { start } from "./running_bridge.ts";
import { ScriptedServer } from "./scripted_server.ts";

needs("inspircd", "openssl")(
  "TLS: authority, pin and client certificate decide whom we trust and who we are",
  async () => {
    await using server = await startInspircd();
    const ca = await Deno.readTextFile(server.certificate.caPath);
    const port = server.tlsPort;
    await using untrusted = start(server, { port, tls: { verify: true } });
    await using pinned = start(server, {
      port,
      nick: "pinned",
      tls: { verify: true, pinSha256: [server.certificate.fingerprint.toUpperCase()] },
    });
    await using wrongPin = start(server, {
      port,
      nick: "wrongpin",
      tls: { verify: false, pinSha256: ["00".repeat(32)] },
    });
    const pem = await clientCertificate();
    await using trusted = start(server, {
      port,
      nick: "trusted",
      host: "localhost",
      tls: { verify: true, caPem: [ca], clientCertificatePem: pem },
    });
    await using anyone = start(server, { port, nick: "anyone", tls: { verify: false } });
    const refused = await untrusted.ended;
    assert.deepEqual([refused.kind, /certificate/.test(refused.reason)], ["refused", true]);
    const mismatch = await wrongPin.ended;
    assert.equal(mismatch.kind, "refused");
    assert.match(mismatch.reason, /not the pinned one/);
    await pinned.up();
    await trusted.up();
    await anyone.up();
  },
);

needs("inspircd", "atheme", "openssl")(
  "SASL EXTERNAL: the certificate that NickServ knows logs in, another does not",
  async () => {
    await using server = await startInspircd({ services: true });
    await using services = await startAtheme(server);
    await services.register("relay", "hunter2!");
    const pem = await clientCertificate();
    await addCertificate(server, pem);
    const tls = { verify: false, clientCertificatePem: pem };
    const sasl = { required: true, mechanism: null, login: "relay", password: "" };
    await using relay = start(server, { port: server.tlsPort, tls, sasl });
    await relay.up();
    assert.match(relay.log.texts("info").join(), /Logged in by SASL EXTERNAL/);
    const stranger = { verify: false, clientCertificatePem: await clientCertificate() };
    await using other = start(server, {
      ...{ port: server.tlsPort, tls: stranger, sasl, nick: "other" },
    });
    const end = await other.ended;
    assert.deepEqual([end.kind, /SASL/.test(end.reason)], ["refused", true]);
  },
);

/** Tells NickServ, by the password, which certificate is the account's. */
async function addCertificate(server: TestIrcServer, pem: string): Promise<void> {
  const { host, port } = server;
  await using owner = await IrcClient.connect({ host, port, nick: "relay" });
  await owner.say("NickServ", "IDENTIFY hunter2!");
  await owner.waitFor((line) => line.command === "900", "the login at NickServ");
  await owner.say("NickServ", `CERT ADD ${await fingerprintOf(pem)}`);
  await owner.waitFor(
    (line) => line.command === "NOTICE" && /fingerprint/i.test(line.text),
    "NickServ to take the certificate",
  );
}

async function fingerprintOf(pem: string): Promise<string> {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]*)/.exec(pem)?.[1]?.replace(/\s+/g, "") ?? "";
  const der = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function clientCertificate(): Promise<string> {
  const dir = await tempDir("cert-");
  try {
    const args = [
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "30",
      "-subj",
      "/CN=relay",
    ];
    const files = ["-keyout", `${dir.path}/key.pem`, "-out", `${dir.path}/cert.pem`];
    const { success } = await new Deno.Command("openssl", {
      args: [...args, ...files],
      stderr: "null",
    }).output();
    assert.ok(success);
    return await Deno.readTextFile(`${dir.path}/cert.pem`) +
      await Deno.readTextFile(`${dir.path}/key.pem`);
  } finally {
    await dir.remove();
  }
}

needs("inspircd", "atheme")(
  "SASL and NickServ: login, wrong password, ghost, registered-only channel",
  async () => {
    await using server = await startInspircd({ services: true });
    await using services = await startAtheme(server);
    await services.register("relay", "hunter2!");
    const sasl = { required: true, mechanism: null, login: "relay", password: "hunter2!" };
    {
      await using relay = start(server, { sasl });
      await relay.up();
      assert.match(relay.log.texts("info").join(), /Logged in by SASL PLAIN/);
      await using wrong = start(server, {
        nick: "other",
        sasl: { ...sasl, password: "wrong-one" },
      });
      const end = await wrong.ended;
      assert.deepEqual([end.kind, /refuses login or password/.test(end.reason)], ["refused", true]);
      assert.doesNotMatch(end.reason + wrong.log.texts().join(), /wrong-one/);
      await using unknown = start(server, {
        nick: "other2",
        sasl: { ...sasl, mechanism: "SCRAM-SHA-256" },
      });
      assert.equal((await unknown.ended).kind, "refused");
      // The first one holds the nick: the second throws it out as its own ghost.
      const nickServ = { nick: "NickServ", password: "hunter2!", username: null };
      await using heir = start(server, { nickServ });
      await heir.up();
      const gone = await relay.ended;
      assert.equal(gone.kind, "lost");
      await heir.log.waitFor(/Our nick is relay now/);
    }
    await services.stop();
    await using lonely = start(server, { sasl, limits: { saslMs: 300 } });
    const end = await lonely.ended;
    assert.ok(end.kind === "lost" || /does not offer SASL/.test(end.reason), end.reason);
  },
);

needs("inspircd", "openssl")(
  "STS: a server that wants TLS is left in plain text, and asked by TLS only",
  async () => {
    await using real = await startInspircd();
    await using plain = new ScriptedServer({ caps: ["message-tags", `sts=port=${real.tlsPort}`] });
    const sasl = { required: true, mechanism: null, login: "relay", password: "a-secret" };
    await using relay = start(plain.asServer, { password: "a-secret", sasl });
    // The test's authority is not known to the relay: by TLS it must refuse, and never fall back to plain text.
    const end = await relay.ended;
    assert.deepEqual([end.kind, /certificate/.test(end.reason)], ["refused", true]);
    await plain.waitFor((line) => line.command === "CAP", "the negotiation");
    assert.deepEqual(plain.lines.map((line) => line.raw), ["CAP LS 302"]);
  },
);

needs("inspircd", "openssl")(
  "inspircd: a pin holds where the server wants TLS (STS), too",
  async () => {
    const extra =
      '<module name="ircv3_sts">\n<sts host="localhost" duration="1d" port="{tlsPort}">';
    await using server = await startInspircd({ extra });
    const running = { host: "localhost", tls: null };
    const { fingerprint } = server.certificate;
    await using right = start(server, { ...running, stsTls: { pinSha256: [fingerprint] } });
    await right.up();
    await using wrong = start(server, { ...running, stsTls: { pinSha256: ["00".repeat(32)] } });
    const end = await wrong.ended;
    assert.deepEqual([end.kind, /not the pinned one/.test(end.reason)], ["refused", true]);
  },
);
