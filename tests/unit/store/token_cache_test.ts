import fc from "fast-check";
import assert from "node:assert/strict";
import { isJwt } from "../../../src/auth/tokens/jwt.ts";
import { formatRfc3339, parseRfc3339 } from "../../../src/base/times.ts";
import { type DataDirectory, openDataDirectory } from "../../../src/store/files/data_directory.ts";
import { ownTokenFile } from "../../../src/store/files/file_names.ts";
import { decodeCache, encodeCache, TokenCaches } from "../../../src/store/files/token_cache.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { makeJwt } from "../auth/tokens.ts";

const FIRST = "kosmi_token_cache.json";
const NOW_MS = Date.parse("2025-11-02T15:56:23Z");
const YEAR_MS = 365 * 86_400_000;

class Store implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly directory: DataDirectory;

  static async open(): Promise<Store> {
    const stack = new AsyncDisposableStack();
    const temp = stack.use(await tempDir());
    return new Store(
      stack,
      stack.use(await openDataDirectory({ path: temp.path, log: new LogRecorder() })),
    );
  }

  constructor(stack: AsyncDisposableStack, directory: DataDirectory) {
    this.#stack = stack;
    this.directory = directory;
  }

  caches(...emails: string[]): TokenCaches {
    const { directory } = this;
    return new TokenCaches({
      directory,
      emails,
      isToken: isJwt,
      now: () => NOW_MS,
      log: new LogRecorder(),
    });
  }

  async names(): Promise<string[]> {
    return (await this.directory.list()).filter((name) => !name.endsWith(".lock")).sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function cached(email: string) {
  const token = makeJwt({ jti: email });
  return { token, email, expiresAtMs: NOW_MS + YEAR_MS, savedAtMs: NOW_MS };
}

Deno.test("encodeCache() has the seed's fields and times", () => {
  const text = new TextDecoder().decode(
    encodeCache({ ...cached("your-email@example.com"), token: "eyJ" }),
  );
  assert.equal(
    text,
    `{
  "token": "eyJ",
  "email": "your-email@example.com",
  "expires_at": "2026-11-02T15:56:23Z",
  "saved_at": "2025-11-02T15:56:23Z"
}
`,
  );
});

Deno.test("decodeCache() reads the older Go relay's file as it is", () => {
  const token = makeJwt({});
  const file = {
    token,
    email: "a@b.c",
    expires_at: "2026-11-02T10:56:23.123456789-05:00",
    saved_at: "2025-11-02T15:56:23Z",
  };
  const content = decodeCache(new TextEncoder().encode(JSON.stringify(file)), isJwt);
  assert.ok(content.kind === "token");
  assert.equal(content.cached.expiresAtMs, NOW_MS + YEAR_MS + 123);
});

Deno.test("decodeCache() tells what is wrong without quoting it", () => {
  const good = {
    token: makeJwt({}),
    email: "a@b.c",
    expires_at: "2026-01-01T00:00:00Z",
    saved_at: "2025-01-01T00:00:00Z",
  };
  const cases: [unknown, RegExp][] = [
    ["", /empty/],
    ["{", /not JSON/],
    ["null", /lacks/],
    ["[]", /lacks/],
    [{ ...good, token: 7 }, /lacks/],
    [{ ...good, email: null }, /lacks/],
    [{ ...good, expires_at: undefined }, /lacks/],
    [{ ...good, saved_at: 1 }, /lacks/],
    [{ ...good, expires_at: "2026-13-01T00:00:00Z" }, /RFC 3339/],
    [{ ...good, saved_at: "yesterday" }, /RFC 3339/],
    [{ ...good, token: "s3cret" }, /not a JWT/],
    [{ ...good, token: `${good.token}\n` }, /not a JWT/],
  ];
  for (const [content, reason] of cases) {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    const decoded = decodeCache(new TextEncoder().encode(text), isJwt);
    assert.ok(decoded.kind === "corrupt", text);
    assert.match(decoded.reason, reason);
    assert.equal(decoded.reason.includes("s3cret"), false);
  }
  assert.equal(decodeCache(new Uint8Array([0xff, 0xfe, 0x00]), isJwt).kind, "corrupt");
});

Deno.test("decodeCache() never throws and never takes any bytes for a token that are none", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      assert.equal(decodeCache(new Uint8Array(bytes), isJwt).kind, "corrupt");
    }),
    { numRuns: 2_000 },
  );
  const anyFile = fc.record({
    token: fc.oneof(fc.string(), fc.constant(makeJwt({})), fc.jsonValue()),
    email: fc.oneof(fc.emailAddress(), fc.jsonValue()),
    expires_at: fc.oneof(fc.string(), fc.constant("2026-01-01T00:00:00Z"), fc.jsonValue()),
    saved_at: fc.oneof(fc.constant("2026-01-01T00:00:00Z"), fc.jsonValue()),
  }, { requiredKeys: [] });
  fc.assert(
    fc.property(anyFile, (file) => {
      const decoded = decodeCache(new TextEncoder().encode(JSON.stringify(file)), isJwt);
      if (decoded.kind === "token") assert.equal(isJwt(decoded.cached.token), true);
      else assert.equal(decoded.kind, "corrupt");
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("decodeCache() of a truncated or altered file is corrupt or a whole token", () => {
  const whole = encodeCache(cached("a@b.c"));
  for (let length = 0; length < whole.length - 2; length++) {
    assert.equal(decodeCache(new Uint8Array(whole.slice(0, length)), isJwt).kind, "corrupt");
  }
});

Deno.test("TokenCache gives back what it saved", async () => {
  await using store = await Store.open();
  const cache = store.caches("a@b.c").of("a@b.c");
  assert.deepEqual(await cache.load(), { kind: "missing" });
  await cache.save(cached("a@b.c"));
  assert.deepEqual(await cache.load(), { kind: "found", cached: cached("a@b.c"), file: FIRST });
  assert.deepEqual(await store.caches("A@B.C ").of("A@B.C ").load(), await cache.load());
  assert.equal(await cache.clear(), true);
  assert.equal(await cache.clear(), false);
  assert.deepEqual(await store.names(), []);
});

Deno.test("TokenCaches: the first email has the seed's file, others their own, and none overwrites another", async () => {
  await using store = await Store.open();
  const caches = store.caches("one@x.org", "two@x.org", "three@x.org");
  for (const email of ["three@x.org", "one@x.org", "two@x.org"]) {
    await caches.of(email).save(cached(email));
  }
  assert.deepEqual(
    await store.names(),
    [ownTokenFile("three@x.org"), ownTokenFile("two@x.org"), FIRST].sort(),
  );
  for (const email of ["one@x.org", "two@x.org", "three@x.org"]) {
    const reading = await caches.of(email).load();
    assert.ok(reading.kind === "found");
    assert.equal(reading.cached.email, email);
  }
  assert.equal(
    JSON.parse(await Deno.readTextFile(`${store.directory.path}/${FIRST}`)).email,
    "one@x.org",
  );
});

Deno.test("TokenCaches: another order in the configuration finds every token and overwrites none", async () => {
  await using store = await Store.open();
  const before = store.caches("one@x.org", "two@x.org");
  for (const email of ["one@x.org", "two@x.org"]) await before.of(email).save(cached(email));
  const after = store.caches("two@x.org", "one@x.org");
  for (const email of ["one@x.org", "two@x.org"]) {
    assert.equal((await after.of(email).load()).kind, "found", email);
  }
  await after.of("two@x.org").save(cached("two@x.org"));
  for (const email of ["one@x.org", "two@x.org"]) {
    const reading = await after.of(email).load();
    assert.ok(reading.kind === "found", email);
    assert.equal(reading.cached.email, email);
  }
  assert.deepEqual(await store.names(), [ownTokenFile("one@x.org"), FIRST].sort());
  assert.equal(await after.of("two@x.org").clear(), true);
  assert.equal((await after.of("one@x.org").load()).kind, "found");
});

Deno.test("TokenCaches: an email that is not configured any more gives its place", async () => {
  await using store = await Store.open();
  await store.caches("old@x.org").of("old@x.org").save(cached("old@x.org"));
  const cache = store.caches("new@x.org").of("new@x.org");
  assert.deepEqual(await cache.load(), { kind: "otherEmail" });
  await cache.save(cached("new@x.org"));
  assert.deepEqual(await store.names(), [FIRST]);
});

Deno.test("TokenCache sets corrupt files aside, each under a name of its own", async () => {
  await using store = await Store.open();
  const cache = store.caches("a@b.c").of("a@b.c");
  const aside = `${FIRST}.corrupt-2025-11-02T15-56-23Z`;
  for (const name of [aside, `${aside}-2`]) {
    await store.directory.write(FIRST, new TextEncoder().encode("garbage"));
    const reading = await cache.load();
    assert.ok(reading.kind === "corrupt");
    assert.equal(reading.setAsideAs, name);
  }
  await store.directory.write(FIRST, new Uint8Array(100_000));
  assert.equal((await cache.load()).kind, "corrupt");
  assert.equal((await store.names()).length, 3);
});

Deno.test("TokenCache of a read-only look leaves a corrupt file where it is", async () => {
  await using store = await Store.open();
  await store.directory.write(FIRST, new TextEncoder().encode("garbage"));
  const { directory } = store;
  const caches = new TokenCaches({
    directory,
    emails: ["a@b.c"],
    isToken: isJwt,
    now: () => NOW_MS,
    log: new LogRecorder(),
    readOnly: true,
  });
  const reading = await caches.of("a@b.c").load();
  assert.deepEqual(reading, { kind: "corrupt", reason: "it is not JSON", setAsideAs: null });
  assert.deepEqual(await store.names(), [FIRST]);
});

Deno.test("TokenCache does not read through a link", async () => {
  await using store = await Store.open();
  await Deno.symlink("/etc/hostname", `${store.directory.path}/${FIRST}`);
  const reading = await store.caches("a@b.c").of("a@b.c").load();
  assert.ok(reading.kind === "unreadable");
  assert.match(reading.reason, /symbolic link/);
});

Deno.test("ownTokenFile() is safe and different for any two emails", () => {
  const name = ownTokenFile("../../Etc/passwd\0@x/..");
  assert.match(name, /^kosmi_token_cache\.[a-z0-9._-]+\.[0-9a-f]{12}\.json$/);
  assert.equal(name.includes(".."), false);
  assert.notEqual(ownTokenFile("a_b@x.org"), ownTokenFile("a b@x.org"));
  fc.assert(fc.property(fc.string({ unit: "binary" }), (email) => {
    assert.match(ownTokenFile(email), /^[a-z0-9._-]{1,100}$/);
  }));
});

Deno.test("formatRfc3339() and parseRfc3339() agree on every second", () => {
  assert.equal(formatRfc3339(NOW_MS + 999), "2025-11-02T15:56:23Z");
  for (
    const text of [
      "2025-11-02",
      "2025-11-02 15:56:23Z",
      "2025-11-02T15:56:23",
      "2025-02-30T25:00:00Z",
      "",
    ]
  ) {
    assert.equal(parseRfc3339(text), null, text);
  }
  fc.assert(fc.property(fc.integer({ min: 0, max: 253_402_300_799 }), (second) => {
    assert.equal(parseRfc3339(formatRfc3339(second * 1000)), second * 1000);
  }));
});
