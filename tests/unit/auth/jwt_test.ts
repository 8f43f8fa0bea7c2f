import fc from "fast-check";
import assert from "node:assert/strict";
import { findJwt, isJwt, readJwt } from "../../../src/auth/tokens/jwt.ts";
import { makeJwt } from "./tokens.ts";

Deno.test("readJwt() reads subject and times without verifying", () => {
  const token = makeJwt({ sub: "me", exp: 1_793_548_583, iat: 1_762_012_583.5 });
  assert.deepEqual(readJwt(token), {
    subject: "me",
    expiresAtMs: 1_793_548_583_000,
    issuedAtMs: 1_762_012_583_500,
  });
});

Deno.test("readJwt() takes missing, wrong and absurd claims for not there", () => {
  const none = { subject: null, expiresAtMs: null, issuedAtMs: null };
  assert.deepEqual(readJwt(makeJwt({ sub: undefined })), none);
  assert.deepEqual(readJwt(makeJwt({ sub: 7, exp: "tomorrow", iat: null })), none);
  assert.deepEqual(readJwt(makeJwt({ sub: "", exp: 1e30, iat: -5 })), none);
});

Deno.test("readJwt() reads non-ASCII claims as UTF-8", () => {
  assert.equal(readJwt(makeJwt({ sub: "Zoë 🦊" }))?.subject, "Zoë 🦊");
});

Deno.test("readJwt() answers null for what is no JWT", () => {
  const good = makeJwt({});
  const [header, payload] = good.split(".");
  const texts = [
    "",
    "a.b.c",
    "..",
    `${header}.${payload}`,
    `${header}..x`,
    `${good}.x`,
    `${good} `,
    `"${good}"`,
    `${payload}.${payload}.x`,
    `${header}.${btoa("[1]").replaceAll("=", "")}.x`,
    `x${good}`,
    `${header}.${btoa("{").replaceAll("=", "")}.x`,
    `${header}.${"A".repeat(20_000)}.x`,
  ];
  for (const text of texts) assert.equal(readJwt(text), null, JSON.stringify(text).slice(0, 40));
});

Deno.test("findJwt() takes quotes, spaces and Bearer away", () => {
  const token = makeJwt({});
  for (
    const text of [
      token,
      ` ${token}\n`,
      `"${token}"`,
      `'${token}'`,
      `Bearer ${token}`,
      `"bearer ${token}" `,
    ]
  ) {
    assert.equal(findJwt(text), token);
  }
  assert.equal(findJwt(`token: ${token}`), null);
  assert.equal(findJwt("null"), null);
});

Deno.test("readJwt() never throws, whatever the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      readJwt(text);
      findJwt(text);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("readJwt() gives any claims back that it reads", () => {
  const claims = fc.record({
    sub: fc.string({ minLength: 1 }),
    exp: fc.integer({ min: 0, max: 8e12 }),
  });
  fc.assert(fc.property(claims, ({ sub, exp }) => {
    const read = readJwt(makeJwt({ sub, exp }));
    // A lone surrogate has no UTF-8 form: JSON.stringify escapes it, so it survives.
    assert.deepEqual(read, { subject: sub, expiresAtMs: exp * 1000, issuedAtMs: null });
  }));
});

Deno.test("isJwt() refuses a JWT with one character changed into one that no JWT has", () => {
  const token = makeJwt({ jti: "x" });
  fc.assert(
    fc.property(
      fc.nat(token.length - 1),
      fc.constantFrom(" ", "\n", "=", "+", "é", "\0"),
      (at, bad) => {
        assert.equal(isJwt(token.slice(0, at) + bad + token.slice(at + 1)), false);
      },
    ),
  );
});
