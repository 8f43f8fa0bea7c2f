import assert from "node:assert/strict";
import {
  authenticateChunks,
  ChallengeReader,
  external,
  mechanismsFor,
  plain,
  scram,
} from "../../../../src/bridges/irc/login/sasl.ts";

const account = {
  required: true,
  mechanism: null,
  login: "user",
  password: "pencil",
  keyPem: null,
};
const means = { sasl: account, hasCertificate: false, endPoint: null };
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (written: Uint8Array) => new TextDecoder().decode(written);

Deno.test("scram() speaks the conversation of RFC 7677", async () => {
  const talk = scram("SCRAM-SHA-256", means, "rOprNGfwEbeRWgbNEkqO");
  assert.equal(text(await talk.answer(bytes(""))), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const challenge =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
  assert.equal(
    text(await talk.answer(bytes(challenge))),
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
  );
  assert.equal(
    text(await talk.answer(bytes("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="))),
    "",
  );
});

Deno.test("scram() refuses a server that does not know the password", async () => {
  const talk = scram("SCRAM-SHA-256", means, "abc");
  await talk.answer(bytes(""));
  await talk.answer(bytes("r=abcdef,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1"));
  await assert.rejects(
    async () => await talk.answer(bytes("v=AAAA")),
    /does not know the password/,
  );
});

Deno.test("scram() refuses a nonce that is not ours and too much work", async () => {
  for (
    const challenge of [
      "r=xyz,s=AAAA,i=1",
      "r=abcd,s=AAAA,i=99999999",
      "r=abcd,i=1",
      "e=other-error",
    ]
  ) {
    const talk = scram("SCRAM-SHA-256", means, "abc");
    await talk.answer(bytes(""));
    await assert.rejects(async () => await talk.answer(bytes(challenge)), /malformed/, challenge);
  }
});

Deno.test("mechanismsFor() takes the strongest that both sides have", () => {
  assert.deepEqual(mechanismsFor(means, "EXTERNAL,PLAIN,SCRAM-SHA-256"), [
    "SCRAM-SHA-256",
    "PLAIN",
  ]);
  assert.deepEqual(mechanismsFor(means, "PLAIN"), ["PLAIN"]);
  assert.deepEqual(mechanismsFor(means, ""), ["PLAIN"]);
  const silent = { ...means, sasl: { ...account, password: "" }, hasCertificate: true };
  assert.deepEqual(mechanismsFor(silent, "PLAIN,EXTERNAL"), ["EXTERNAL"]);
  const scrams = { ...means, sasl: { ...account, mechanism: "SCRAM-SHA-256" as const } };
  assert.deepEqual(mechanismsFor(scrams, "PLAIN"), []);
});

Deno.test("mechanismsFor() binds SCRAM to the connection where both sides can", () => {
  const overTls = { ...means, endPoint: new Uint8Array(32) };
  const all = "SCRAM-SHA-256-PLUS,SCRAM-SHA-256,SCRAM-SHA-512,PLAIN";
  assert.deepEqual(mechanismsFor(overTls, all), [
    "SCRAM-SHA-256-PLUS",
    "SCRAM-SHA-512",
    "SCRAM-SHA-256",
    "PLAIN",
  ]);
  assert.deepEqual(mechanismsFor(means, "SCRAM-SHA-512-PLUS"), []);
  const chosen = { ...overTls, sasl: { ...account, mechanism: "SCRAM-SHA-256" as const } };
  assert.deepEqual(mechanismsFor(chosen, all), ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"]);
  assert.deepEqual(mechanismsFor(chosen, ""), ["SCRAM-SHA-256"]);
});

Deno.test("authenticateChunks() cuts at 400 and closes a full last line", async () => {
  assert.deepEqual(
    authenticateChunks(await external({ ...account, login: "" }).answer(bytes(""))),
    ["+"],
  );
  assert.deepEqual(authenticateChunks(await plain(account).answer(bytes(""))), [
    btoa("user\0user\0pencil"),
  ]);
  assert.deepEqual(authenticateChunks(new Uint8Array(300)).map((chunk) => chunk.length), [400, 1]);
  assert.deepEqual(authenticateChunks(new Uint8Array(301)).map((chunk) => chunk.length), [400, 4]);
});

Deno.test("ChallengeReader joins what came in pieces", () => {
  const reader = new ChallengeReader();
  const long = btoa("y".repeat(450));
  assert.equal(reader.add(long.slice(0, 400)), null);
  assert.equal(text(reader.add(long.slice(400)) ?? bytes("")), "y".repeat(450));
  assert.equal(text(reader.add("+") ?? bytes("?")), "");
});
