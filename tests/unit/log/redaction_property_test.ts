import fc from "fast-check";
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { captureLog } from "./capture.ts";

const FORMATS = ["logfmt", "json", "pretty"] as const;

/** Random secrets of any characters; the part in front is what a search of all test logs looks for. */
const secrets = fc.string({ unit: "binary", maxLength: 30 }).map((tail) => `s3cr3t${tail}`);

/** How a secret may be written when it gets to a log. */
const encodings = fc.constantFrom<((secret: string) => string)[]>(
  (secret) => secret,
  (secret) => JSON.stringify(secret),
  (secret) => JSON.stringify({ a: JSON.stringify({ b: secret }) }),
  (secret) => encodeURIComponent(secret),
  (secret) => new URLSearchParams({ q: secret }).toString(),
  (secret) => Buffer.from(secret).toString("hex"),
  (secret) => Buffer.from(`${secret}tail`).toString("base64"),
  (secret) => Buffer.from(`a${secret}`).toString("base64"),
  (secret) => Buffer.from(`ab${secret}b`).toString("base64url"),
);

/** Where it may stand: each makes properties (and a template) that hold the text. */
const places = fc.constantFrom<((text: string) => [template: string, properties: object])[]>(
  (text) => [text.replaceAll("{", "(").replaceAll("}", ")"), {}],
  (text) => ["said {text}", { text }],
  (text) => ["{a}", { a: { b: [{ c: text }] } }],
  (text) => ["x", { [text]: text }],
  (text) => ["x", { map: new Map([[text, [text]]]), set: new Set([text]) }],
  (text) => ["{error}", { error: new Error(text) }],
  (text) => ["{error}", { error: new Error("outer", { cause: new TypeError(text) }) }],
  (text) => ["{error}", { error: new AggregateError([new Error(text)], "") }],
  (text) => ["x", { error: Object.assign(new Error("x"), { name: text, detail: { text } }) }],
  (text) => ["x", { error: { stack: text, cause: text } }],
  (text) => ["x", { list: [1, [2, [text]]], symbol: Symbol(text) }],
  (text) => ["x", { url: new URL(`https://host.test/?q=${encodeURIComponent(text)}`) }],
  (text) => ["{text}", { text: { toJSON: () => text, text } }],
);

Deno.test("no secret, however written and wherever put, is in a line of any format", async () => {
  const cases = fc.asyncProperty(
    secrets,
    encodings,
    places,
    fc.string({ maxLength: 8 }),
    fc.string({ maxLength: 8 }),
    fc.boolean(),
    async (secret, encode, place, before, after, debug) => {
      fc.pre(secret.isWellFormed());
      for (const format of FORMATS) {
        await using captured = await captureLog({ format, debug });
        captured.logging.secrets.add(secret);
        const [template, properties] = place(before + encode(secret) + after);
        captured.log.with({ ...properties }).error(template, { ...properties });
        assert.equal(captured.lines.length, 1);
        for (const line of captured.lines) assertNoSecret(line, secret);
      }
    },
  );
  await fc.assert(cases, { numRuns: 400 });
});

/** Reads the line as an attacker would: as it stands, unescaped, percent-decoded, from hexadecimal and base64. */
function assertNoSecret(line: string, secret: string): void {
  const wanted = squeeze(secret);
  for (const reading of readings(line)) {
    assert.ok(!squeeze(reading).includes(wanted), `${JSON.stringify(secret)} is in ${line}`);
  }
}

function* readings(line: string): Generator<string> {
  let text = line;
  for (let depth = 0; depth < 4; depth++) {
    yield text;
    yield percentDecoded(text);
    for (const run of text.match(/[A-Za-z0-9+/_-]{6,}/g) ?? []) yield* decodings(run);
    text = unescaped(text);
  }
}

function* decodings(run: string): Generator<string> {
  yield Buffer.from(run, "hex").toString("utf8");
  for (const skip of [0, 1, 2, 3]) yield Buffer.from(run.slice(skip), "base64").toString("utf8");
}

const SHORT: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|(.))/g,
    (_all, hex?: string, letter = "") =>
      hex === undefined ? SHORT[letter] ?? letter : String.fromCharCode(parseInt(hex, 16)),
  );
}

function percentDecoded(text: string): string {
  const bytes = text.replaceAll("+", " ").replace(
    /(?:%[0-9a-fA-F]{2})+/g,
    (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString("utf8"),
  );
  return bytes;
}

/** White space may be folded on the way: a secret that only lost a blank is still told. */
function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
