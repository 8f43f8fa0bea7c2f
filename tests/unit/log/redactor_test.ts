import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Redactor } from "../../../src/log/redactor.ts";
import { captureLog } from "./capture.ts";
import { computedMs } from "../../support/growth.ts";

const SECRET = 's3cr3t Pa$$"w\\ö/+rd';
const JWT = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzM2NyM3QifQ.s3cr3t_signature-x";

Deno.test("a known secret is taken out in every encoding it travels in", () => {
  const redactor = new Redactor();
  redactor.add(SECRET);
  const encodings: Record<string, string> = {
    plain: SECRET,
    json: JSON.stringify({ x: SECRET }),
    "json in json": JSON.stringify({ x: JSON.stringify(SECRET) }),
    "json with \\u": '"' +
      SECRET.replace(/[^]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")) + '"',
    percent: `https://x.test/?a=${encodeURIComponent(SECRET)}&b=1`,
    "percent twice": encodeURIComponent(encodeURIComponent(SECRET)),
    "percent, every byte, small letters": [...Buffer.from(SECRET)]
      .map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join(""),
    form: new URLSearchParams({ a: SECRET }).toString(),
    base64: btoa(unescape(encodeURIComponent(SECRET))),
    "base64 of user and password": Buffer.from(`\0me\0${SECRET}`).toString("base64"),
    "base64 with one byte before": Buffer.from(`:${SECRET}tail`).toString("base64"),
    base64url: Buffer.from(`ab${SECRET}xyz`).toString("base64url"),
    "base64, percent-encoded": encodeURIComponent(Buffer.from(`x${SECRET}`).toString("base64")),
    hex: Buffer.from(SECRET).toString("hex").toUpperCase(),
    html: SECRET.replaceAll('"', "&quot;"),
    "folded white space": SECRET.replace(" ", "\n   "),
  };
  for (const [name, text] of Object.entries(encodings)) {
    const clean = redactor.text(`before ${text} after`);
    assert.match(clean, /^before .*\[redacted\].* after$/, name);
    assert.doesNotMatch(clean, /s3cr|%73%33|733372|czNjcjN0|MzY3Iz|NyM3Q|\\u0073\\u0033/i, name);
  }
});

Deno.test("a secret that begins with another leaves no tail", () => {
  const redactor = new Redactor();
  redactor.add("s3cr3t");
  redactor.add("s3cr3t-longer");
  assert.equal(redactor.text("a s3cr3t-longer b s3cr3t c"), "a [redacted] b [redacted] c");
});

Deno.test("blank secrets are ignored; very short ones are hidden only as a whole value", () => {
  const redactor = new Redactor();
  for (const secret of ["", "   ", "abc", " xy "]) redactor.add(secret);
  assert.equal(redactor.text("fabcic   xyz"), "fabcic   xyz");
  assert.equal(redactor.text("abc"), "[redacted]");
  assert.equal(redactor.text("xy"), "[redacted]");
});

Deno.test("a secret is hidden with and without the white space around it", () => {
  const redactor = new Redactor();
  redactor.add(" s3cr3t-value\n");
  assert.equal(redactor.text("(s3cr3t-value)"), "([redacted])");
});

Deno.test("a text that is cut never ends in the start of a secret", () => {
  const redactor = new Redactor();
  const secret = "s3cr3t-" + "0123456789".repeat(5);
  redactor.add(secret);
  for (let before = 16_384 - 60; before <= 16_384; before += 3) {
    const clean = redactor.text("x".repeat(before) + secret + "y".repeat(100));
    assert.doesNotMatch(clean, /s3c/);
    assert.match(clean, /… \(\d+ characters\)$/);
  }
});

Deno.test("secrets are known by how they look, without having been told", () => {
  const redactor = new Redactor();
  const hidden: readonly (readonly [text: string, clean: string])[] = [
    [`token is ${JWT}.`, "token is [redacted]"],
    [JWT.slice(0, 30), "[redacted]"],
    [`?t=${encodeURIComponent(JWT)}`, "?t=[redacted]"],
    ["Authorization: Bearer s3cr3t-abc", "Authorization: [redacted]"],
    ["bearer s3cr3t-abc", "bearer [redacted]"],
    ["Basic bWU6czNjcjN0", "Basic [redacted]"],
    ["Cookie: sid=s3cr3t; a=b", "Cookie: [redacted]"],
    ["https://me:s3cr3t@host.test/x", "https://[redacted]@host.test/x"],
    ["wss://s3cr3t@host.test", "wss://[redacted]@host.test"],
    ["/x?a=1&token=s3cr3t&b=2", "/x?a=1&token=[redacted]&b=2"],
    ["?access_token=s3cr3t", "?access_token=[redacted]"],
    ["NickServPassword = 's3cr3t x'", "NickServPassword = [redacted]"],
    [`{"password":"s3cr3t\\"x","a":1}`, `{"password":"[redacted]","a":1}`],
    [`{\\"token\\":\\"s3cr3t\\"}`, `{\\"token\\":"[redacted]"`],
    ["{ token: 's3cr3t', a: 1 }", "{ token: '[redacted]', a: 1 }"],
    [`{"type":"connection_init","payload":{"a":"s3cr3t"}}`, `{"type":"connection_init [redacted]`],
    ["PASS s3cr3t", "PASS [redacted]"],
    ["PASS :s3cr3t with spaces", "PASS [redacted]"],
    ["OPER me s3cr3t", "OPER me [redacted]"],
    ["AUTHENTICATE AG1lAHMzY3IzdA==", "AUTHENTICATE [redacted]"],
    ["PRIVMSG NickServ :IDENTIFY me s3cr3t", "PRIVMSG NickServ :IDENTIFY [redacted]"],
    ["PRIVMSG NickServ :identify s3cr3t", "PRIVMSG NickServ :identify [redacted]"],
    [
      "PRIVMSG Q@CServe.quakenet.org :AUTH me s3cr3t",
      "PRIVMSG Q@CServe.quakenet.org :AUTH [redacted]",
    ],
    ["NS GHOST me s3cr3t", "NS GHOST [redacted]"],
    ["PRIVMSG NickServ :SET PASSWORD s3cr3t", "PRIVMSG NickServ :SET PASSWORD [redacted]"],
  ];
  for (const [text, clean] of hidden) {
    const got = redactor.text(text);
    assert.doesNotMatch(got, /s3cr3t|czNjcjN0|MzY3IzdA/, text);
    assert.ok(got.startsWith(clean), `${text}\n  gave     ${got}\n  expected ${clean}`);
  }
});

Deno.test("a token inside base64 is known by how it looks at every offset", () => {
  for (const before of ["", "a", "ab"]) {
    const clean = new Redactor().text(Buffer.from(before + JWT).toString("base64"));
    assert.match(clean, /^.{0,3}\[redacted\]$/);
  }
});

Deno.test("what people need to read stays readable", () => {
  const redactor = new Redactor();
  const kept = [
    "💾 Token cached (expires in 8760h)",
    "Cached token expires soon (2025-11-09T15:56:23Z), will refresh",
    "Cannot log in: wrong password (464): the server said Password incorrect",
    "No answer to AUTHENTICATE within 10 s",
    "AUTHENTICATE PLAIN",
    "AUTHENTICATE ECDSA-NIST256P-CHALLENGE",
    "Cannot read data/kosmi_token_cache.json: permission denied",
    "matterbridge.toml:12: irc.libera.Password: expected a text, found a number",
    "Joined https://app.kosmi.io/room/@film as me@example.com",
    "irc.libera.chat:6697 in 12 ms; 3 older messages were not relayed",
    ":me!user@host JOIN #basic",
    "This build takes basic settings",
    "secret rooms need a login",
  ];
  for (const text of kept) assert.equal(redactor.text(text), text);
});

Deno.test("a field is hidden by its name, unless it only speaks about the secret", async () => {
  await using captured = await captureLog({ format: "json" });
  const hidden = [
    "token",
    "Password",
    "NickServPassword",
    "SASLPassword",
    "authorization",
    "set-cookie",
    "apiKey",
    "connection_init",
    "connectionParams",
    "sasl",
    "jwt",
    "channelKey",
    "client_secret",
    "accessToken",
    "passphrase",
    "PASS",
  ];
  const shown = [
    "tokenExpiresAt",
    "token_file",
    "passwordLength",
    "saslMechanism",
    "account",
    "email",
    "passed",
    "key",
    "compass",
  ];
  captured.log.info(
    "x",
    Object.fromEntries([...hidden, ...shown].map((name) => [name, "s3-value"])),
  );
  const line = JSON.parse(captured.lines[0] ?? "");
  for (const name of hidden) assert.equal(line[name], "[redacted]", name);
  for (const name of shown) assert.equal(line[name], "s3-value", name);
});

Deno.test("a hidden field hides all that is below it; yes, no and nothing are shown", async () => {
  await using captured = await captureLog({ format: "json" });
  captured.log.info("{token}", {
    token: { a: ["s3cr3t"] },
    password: 12345678,
    secret: null,
    hasPassword: true,
    headers: new Headers({ authorization: "s3cr3t", accept: "x" }),
    entries: [["cookie", "s3cr3t"], ["accept", "x"]],
    map: new Map([["password", "s3cr3t"]]),
    frame: { type: "connection_init", payload: { ua: "s3cr3t" } },
  });
  const line = JSON.parse(captured.lines[0] ?? "");
  assert.doesNotMatch(captured.lines[0] ?? "", /s3cr3t|12345678/);
  assert.equal(line.msg, "[redacted]");
  assert.equal(line.secret, null);
  assert.equal(line.hasPassword, true);
  assert.deepEqual(line.headers, { accept: "x", authorization: "[redacted]" });
  assert.deepEqual(line.entries, [["cookie", "[redacted]"], ["accept", "x"]]);
  assert.deepEqual(line.frame, { type: "connection_init", payload: "[redacted]" });
});

Deno.test("hostile texts are looked through in linear time", () => {
  const redactor = new Redactor();
  redactor.add(SECRET);
  redactor.add(JWT);
  const units = [
    "a",
    '"',
    "\\",
    "\\\\u",
    " ",
    "%25",
    "eyJ",
    "token=",
    'token:"\\',
    "PASS ",
    "a://",
    "QUJD",
    "&amp;",
    "NS identify ",
    "Bearer ",
    "connection_init",
    "s3cr3t ",
  ];
  for (const unit of units) {
    const startedMs = computedMs();
    redactor.text(unit.repeat(1_000_000 / unit.length));
    const tookMs = computedMs() - startedMs;
    assert.ok(tookMs < 500, `${JSON.stringify(unit)} took ${tookMs} ms`);
  }
});

Deno.test("a text is cut behind 16,384 characters, and by what could be the start of a secret", () => {
  const plain = new Redactor();
  const knowing = new Redactor();
  knowing.add("s3cr3t-ten");
  for (const length of [16_383, 16_384]) {
    const text = "x".repeat(length);
    for (const redactor of [plain, knowing]) assert.equal(redactor.text(text), text);
  }
  const text = "x".repeat(16_385);
  assert.equal(plain.text(text), `${"x".repeat(16_383)}… (16385 characters)`);
  assert.equal(knowing.text(text), `${"x".repeat(16_384 - 61)}… (16385 characters)`);
});

Deno.test("signs of HTML in a secret are found as names and as numbers", () => {
  const spellings = {
    "&": ["&amp;", "&#38;"],
    "<": ["&lt;", "&#60;"],
    ">": ["&gt;", "&#62;"],
    '"': ["&quot;", "&#34;"],
    "'": ["&apos;", "&#39;", "&#x27;"],
  };
  for (const [sign, forms] of Object.entries(spellings)) {
    const redactor = new Redactor();
    redactor.add(`ab${sign}cd`);
    for (const form of [sign, ...forms]) {
      assert.equal(redactor.text(`(ab${form}cd)`), "([redacted])", form);
    }
    assert.equal(redactor.text("(ab&copy;cd)"), "(ab&copy;cd)");
  }
});

Deno.test("control characters, slashes and quotes of a secret are found escaped, up to eight times", () => {
  const letters = { "\b": "b", "\f": "f", "/": "/", '"': '"', "'": "'" };
  for (const [sign, letter] of Object.entries(letters)) {
    const redactor = new Redactor();
    redactor.add(`ab${sign}cd`);
    for (const [backslashes, found] of [[1, true], [2, true], [8, true], [9, false]] as const) {
      const text = `ab${"\\".repeat(backslashes)}${letter}cd`;
      assert.equal(redactor.text(text) === "[redacted]", found, text);
    }
  }
});

Deno.test("how short a secret may be to be looked for inside words and in base64", () => {
  const cases = [
    ["q7z", false, false],
    ["q7zK", true, false],
    ["q7zKx", true, false],
    ["q7zKx9", true, true],
    ["q7zKx9w", true, true],
  ] as const;
  for (const [secret, inWords, inBase64] of cases) {
    const redactor = new Redactor();
    redactor.add(secret);
    assert.equal(redactor.text(`(${secret})`).includes("[redacted]"), inWords, secret);
    const base64 = Buffer.from(`--${secret}--`).toString("base64");
    assert.equal(redactor.text(base64).includes("[redacted]"), inBase64, secret);
  }
});

Deno.test("letters of a secret are found encoded up to 64 characters, other signs in any", () => {
  for (const [length, found] of [[63, true], [64, true], [65, false]] as const) {
    const rest = "b".repeat(length - 2);
    const redactor = new Redactor();
    redactor.add(`a/${rest}`);
    assert.equal(redactor.text(`a%2F${rest}`), "[redacted]", `${length}`);
    assert.equal(redactor.text(`%61/${rest}`) === "[redacted]", found, `${length}`);
  }
});

Deno.test("what knows no secret changes no text", () => {
  for (const text of ["null", "undefined", ""]) assert.equal(new Redactor().text(text), text);
});
