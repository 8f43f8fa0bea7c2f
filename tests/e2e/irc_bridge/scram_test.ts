import assert from "node:assert/strict";
import { createHash, createHmac, pbkdf2Sync, X509Certificate } from "node:crypto";
import { makeCertificate } from "../../support/irc_servers/certificate.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { start } from "./running_bridge.ts";
import { type Script, ScriptedServer } from "./scripted_server.ts";

const PASSWORD = "tropenfrüchte";
const SALT = "W22ZaJ0SNY7soEsUEjb6gQ==";
const ITERATIONS = 4096;

function hmac(key: Uint8Array | string, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

interface ScramServerOptions {
  /** It gives a proof of its own that is wrong. */
  readonly lie?: boolean;
  /** It speaks SCRAM-SHA-256-PLUS and takes itself for the server with this certificate. */
  readonly endPoint?: Uint8Array;
}

/** The server's half of SCRAM-SHA-256 (RFC 7677). */
function scramServer(options: ScramServerOptions = {}): NonNullable<Script["onLine"]> {
  const { endPoint } = options;
  const header = endPoint === undefined ? "n,," : "p=tls-server-end-point,,";
  const bound = new Uint8Array([...new TextEncoder().encode(header), ...endPoint ?? []]);
  let firstBare = "";
  let challenge = "";
  let step = 0;
  const text = (written: string) => new TextDecoder().decode(fromBase64(written));
  return (line, server) => {
    if (line.command !== "AUTHENTICATE") return false;
    const written = line.params[0] ?? "";
    const say = (message: string) => server.send(`AUTHENTICATE ${toBase64(message)}`);
    if (written.startsWith("SCRAM-SHA-256")) {
      assert.equal(written.endsWith("-PLUS"), endPoint !== undefined);
      server.send("AUTHENTICATE +");
    } else if (step++ === 0) {
      assert.ok(text(written).startsWith(header));
      firstBare = text(written).slice(header.length);
      challenge = `${firstBare.replace(/^n=[^,]*,/, "")}server,s=${SALT},i=${ITERATIONS}`;
      say(challenge);
    } else if (step === 2) {
      const [, finalBare = "", proof = ""] = /^(.*),p=(.*)$/.exec(text(written)) ?? [];
      const isBound = finalBare.startsWith(`c=${btoa(String.fromCharCode(...bound))},`);
      const salted = pbkdf2Sync(PASSWORD, fromBase64(SALT), ITERATIONS, 32, "sha256");
      const signed = `${firstBare},${challenge},${finalBare}`;
      const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
      const signature = hmac(storedKey, signed);
      const clientKey = fromBase64(proof).map((byte, index) => byte ^ (signature[index] ?? 0));
      if (!isBound || !createHash("sha256").update(clientKey).digest().equals(storedKey)) {
        server.send(":server.example 904 relay :SASL authentication failed");
        return true;
      }
      const shown = hmac(hmac(salted, "Server Key"), options.lie ? "something else" : signed);
      say(`v=${btoa(String.fromCharCode(...shown))}`);
    } else if (written !== "*") {
      server.send(
        ":server.example 900 relay relay!relay@host.example relay :You are logged in",
        ":server.example 903 relay :SASL authentication successful",
      );
    }
    return true;
  };
}

function fromBase64(written: string): Uint8Array {
  return Uint8Array.from(atob(written), (char) => char.charCodeAt(0));
}

function toBase64(text: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(text)));
}

const CAPS = ["sasl=SCRAM-SHA-256,PLAIN"];
const sasl = { required: true, mechanism: null, login: "re,lay=", password: PASSWORD };

Deno.test("SCRAM-SHA-256: chosen before PLAIN; the password never leaves", async () => {
  await using server = new ScriptedServer({ caps: CAPS, onLine: scramServer() });
  await using relay = start(server.asServer, { sasl });
  await relay.up();
  assert.match(relay.log.texts("info").join(), /Logged in by SASL SCRAM-SHA-256/);
  const sent = server.lines.map((line) => line.raw).join("\n");
  assert.ok(!sent.includes(toBase64(PASSWORD)) && !sent.includes(PASSWORD));
});

Deno.test("SCRAM-SHA-256: a wrong password is refused, and a server that does not know it too", async () => {
  await using server = new ScriptedServer({
    caps: CAPS.map((cap) => cap.replace(",PLAIN", "")),
    onLine: scramServer(),
  });
  await using relay = start(server.asServer, { sasl: { ...sasl, password: "wrong" } });
  const end = await relay.ended;
  assert.deepEqual([end.kind, /refuses login or password/.test(end.reason)], ["refused", true]);
  await using impostor = new ScriptedServer({ caps: CAPS, onLine: scramServer({ lie: true }) });
  await using deceived = start(impostor.asServer, { sasl });
  const refusal = await deceived.ended;
  assert.deepEqual([refusal.kind, /does not know the password/.test(refusal.reason)], [
    "refused",
    true,
  ]);
  assert.ok(!impostor.lines.some((line) => line.params[0] === "PLAIN"));
});

for (const digest of ["sha256", "sha384", "sha512"]) {
  Deno.test(`SCRAM-SHA-256-PLUS: the proof is bound to the server's certificate (signed with ${digest})`, async () => {
    await using dir = await tempDir();
    const { caPath, certPath, keyPath } = await makeCertificate(dir.path, { digest });
    const cert = await Deno.readTextFile(certPath);
    const tls = { cert, key: await Deno.readTextFile(keyPath) };
    const der = new X509Certificate(cert).raw;
    const endPoint = createHash(digest).update(der).digest();
    const caps = ["sasl=SCRAM-SHA-256-PLUS,SCRAM-SHA-256,PLAIN"];
    const settings = {
      sasl,
      host: "localhost",
      tls: { verify: true, caPem: [await Deno.readTextFile(caPath)] },
    };
    await using server = new ScriptedServer({ caps, tls, onLine: scramServer({ endPoint }) });
    await using relay = start(server.asServer, settings);
    await relay.up();
    assert.match(relay.log.texts("info").join(), /Logged in by SASL SCRAM-SHA-256-PLUS/);

    // Somebody between us and the server has a certificate of their own: what they pass on proves nothing there.
    const other = createHash("sha256").update("another certificate").digest();
    const only = ["sasl=SCRAM-SHA-256-PLUS"];
    const between = { caps: only, tls, onLine: scramServer({ endPoint: other }) };
    await using impostor = new ScriptedServer(between);
    await using deceived = start(impostor.asServer, settings);
    assert.equal((await deceived.ended).kind, "refused");
  });
}
