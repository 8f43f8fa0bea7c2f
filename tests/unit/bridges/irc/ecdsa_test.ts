import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, verify } from "node:crypto";
import { ecdsa, privateKeyOf } from "../../../../src/bridges/irc/login/ecdsa.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

for (const type of ["sec1", "pkcs8"] as const) {
  Deno.test(`ecdsa() signs the challenge as it is, with a key in ${type}`, async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const keyPem = String(privateKey.export({ type, format: "pem" }));
    const account = { required: true, mechanism: null, login: "jilles", password: "", keyPem };
    for (let round = 0; round < 20; round++) {
      const talk = ecdsa(account);
      assert.deepEqual(await talk.answer(bytes("")), bytes("jilles"));
      const message = crypto.getRandomValues(new Uint8Array(40));
      const challenge = Uint8Array.from(createHash("sha256").update(message).digest());
      const signature = await talk.answer(challenge);
      assert.ok(verify("sha256", message, publicKey, signature), `round ${round}`);
    }
  });
}

Deno.test("privateKeyOf() says what is wrong with a file that has no such key", () => {
  for (const pem of ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]) {
    assert.throws(() => privateKeyOf(pem), /no private key in PEM of the curve P-256/);
  }
});
