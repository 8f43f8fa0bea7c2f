import assert from "node:assert/strict";
import { AnonymousSource } from "../../../src/auth/tokens/anonymous_source.ts";
import { ConfiguredSource } from "../../../src/auth/tokens/configured_source.ts";
import type { TokenSource } from "../../../src/auth/tokens/token_source.ts";
import { NeedsPersonError } from "../../../src/base/errors.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { tokenFor } from "./tokens.ts";

const NEVER = new AbortController().signal;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

function anonymous(
  clock: FakeClock,
  lifeMs = 365 * DAY_MS,
): { source: AnonymousSource; made: string[] } {
  const made: string[] = [];
  const login = () => {
    const token = tokenFor(clock.now(), lifeMs);
    made.push(token);
    return Promise.resolve(token);
  };
  return { source: new AnonymousSource({ login, clock }), made };
}

Deno.test("AnonymousSource keeps one visitor over reconnects, and takes a new one when that is refused or over", async () => {
  const clock = new FakeClock();
  const { source, made } = anonymous(clock, DAY_MS);
  const first = await source.get(NEVER);
  assert.equal(first.expectsLogin, false);
  assert.deepEqual(await source.get(NEVER), first);
  source.refused("another token");
  assert.equal(made.length, 1);
  source.refused(first.token);
  assert.notEqual((await source.get(NEVER)).token, first.token);
  await clock.advance(DAY_MS);
  await source.get(NEVER);
  assert.equal(made.length, 3);
  assert.equal(source.status().origin, "anonymous");
});

Deno.test("AnonymousSource is the same visitor in the next run, and forgets one that is refused", async () => {
  const clock = new FakeClock();
  let stored: string | null = null;
  const kept = {
    load: () => Promise.resolve(stored),
    save: (token: string | null) => Promise.resolve(void (stored = token)),
  };
  const login = () => Promise.resolve(tokenFor(clock.now(), DAY_MS));
  const first = await new AnonymousSource({ login, clock, kept }).get(NEVER);
  const next = new AnonymousSource({ login, clock, kept });
  assert.deepEqual(await next.get(NEVER), first);
  next.refused(first.token);
  assert.equal(stored, null);
  assert.notEqual((await next.get(NEVER)).token, first.token);
  assert.notEqual(stored, null);
});

Deno.test("AnonymousSource shares one request, and passes its failure on", async () => {
  let requests = 0;
  const source = new AnonymousSource({
    clock: new FakeClock(),
    login: () => {
      requests++;
      return Promise.reject(new Error("offline"));
    },
  });
  const both = await Promise.allSettled([source.get(NEVER), source.get(NEVER)]);
  assert.deepEqual(both.map(({ status }) => status), ["rejected", "rejected"]);
  assert.equal(requests, 1);
  await assert.rejects(source.get(NEVER), /offline/);
});

Deno.test("AnonymousSource.maintain() lasts until the abort", async () => {
  const stop = new AbortController();
  const maintained = anonymous(new FakeClock()).source.maintain(stop.signal);
  stop.abort(new Error("stop"));
  await assert.rejects(maintained, /stop/);
});

function configured(token: string, clock: FakeClock, fallback: TokenSource | null = null) {
  const log = new LogRecorder();
  return { log, source: new ConfiguredSource({ token, fallback, clock, log }) };
}

Deno.test("ConfiguredSource gives the configured token, also one that is no JWT", async () => {
  const clock = new FakeClock();
  const token = tokenFor(clock.now(), 365 * DAY_MS);
  for (const written of [token, "opaque"]) {
    const { source, log } = configured(written, clock);
    assert.deepEqual(await source.get(NEVER), { token: written, expectsLogin: true });
    assert.deepEqual(log.texts(), []);
    assert.equal(JSON.stringify(source.status()).includes(written), false);
  }
});

Deno.test("ConfiguredSource: a refused token without a login waits for a person, then tries again", async () => {
  const clock = new FakeClock();
  const token = tokenFor(clock.now(), 365 * DAY_MS);
  const { source } = configured(token, clock);
  source.refused((await source.get(NEVER)).token);
  await assert.rejects(source.get(NEVER), (error) => {
    assert.ok(error instanceof NeedsPersonError && error.retryAfterMs === 15 * MINUTE_MS);
    assert.equal(error.message.includes(token), false);
    return true;
  });
  await clock.advance(15 * MINUTE_MS);
  assert.equal((await source.get(NEVER)).token, token);
  await assert.rejects(source.renew(NEVER), /no Email and Password/);
});

Deno.test("ConfiguredSource: the login takes over from a refused token, and is told of its own refusals", async () => {
  const clock = new FakeClock();
  const refused: string[] = [];
  const fallback: TokenSource = {
    get: () => Promise.resolve({ token: "from the login", expectsLogin: true }),
    refused: (token) => void refused.push(token),
    maintain: (signal) => clock.sleep(1e12, signal),
    renew: () => Promise.resolve(),
    status: () => ({
      origin: "login",
      email: "a@b.c",
      userId: null,
      savedAtMs: null,
      expiresAtMs: null,
      fault: null,
    }),
  };
  const { source, log } = configured("configured", clock, fallback);
  source.refused("configured");
  assert.equal((await source.get(NEVER)).token, "from the login");
  source.refused("from the login");
  assert.deepEqual(refused, ["from the login"]);
  assert.match(log.texts("warn").join(), /logging in with Email and Password instead/);
  assert.equal(source.status().origin, "login");
});

Deno.test("ConfiguredSource announces the token's end at the start and daily, days before", async () => {
  const clock = new FakeClock();
  const { source, log } = configured(tokenFor(clock.now(), 9 * DAY_MS + MINUTE_MS), clock);
  await source.get(NEVER);
  const stop = new AbortController();
  const maintained = source.maintain(stop.signal);
  await clock.advance(DAY_MS);
  assert.deepEqual(log.texts(), []);
  await clock.advance(2 * DAY_MS);
  assert.match(
    log.texts("warn")[0] ?? "",
    /^The configured Token expires at 20.*: get a new one before$/,
  );
  await clock.advance(8 * DAY_MS);
  assert.match(log.texts("error")[0] ?? "", /^The configured Token expired at /);
  stop.abort(new Error("stop"));
  await assert.rejects(maintained, /stop/);
});
