import assert from "node:assert/strict";
import { isJwt } from "../../../src/auth/tokens/jwt.ts";
import { LoginError } from "../../../src/auth/tokens/login_error.ts";
import { type Login, LoginSource } from "../../../src/auth/tokens/login_source.ts";
import { NeedsPersonError } from "../../../src/base/errors.ts";
import { type DataDirectory, openDataDirectory } from "../../../src/store/files/data_directory.ts";
import { loginPauseFile } from "../../../src/store/files/login_pause.ts";
import { TokenCaches } from "../../../src/store/files/token_cache.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/wait.ts";
import { makeJwt, tokenFor } from "./tokens.ts";

const START_MS = Date.parse("2025-11-02T15:56:23Z");
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;
const EMAIL = "your-email@example.com";
const FILE = "kosmi_token_cache.json";
const NEVER = new AbortController().signal;

/** A source over a real data directory, whose login is a queue of outcomes. */
class Bench implements AsyncDisposable {
  readonly clock = new FakeClock(START_MS);
  readonly log = new LogRecorder();
  readonly logins: string[] = [];
  #taken = 0;
  readonly #stack: AsyncDisposableStack;
  readonly directory: DataDirectory;
  /** What the next logins do; when empty they give a token of a year. */
  outcomes: (Error | string | Login)[] = [];
  password = "s3cr3t horse";
  source: LoginSource;

  static async open(): Promise<Bench> {
    const stack = new AsyncDisposableStack();
    const temp = stack.use(await tempDir());
    const log = new LogRecorder();
    const directory = stack.use(await openDataDirectory({ path: `${temp.path}/data`, log }));
    return new Bench(stack, directory);
  }

  constructor(stack: AsyncDisposableStack, directory: DataDirectory) {
    this.#stack = stack;
    this.directory = directory;
    this.source = this.newSource();
  }

  /** What was said since the last `take`, as "level text". */
  get lines(): string[] {
    return this.log.records.slice(this.#taken).map(({ level, text }) => `${level} ${text}`);
  }

  take(): string[] {
    const lines = this.lines;
    this.#taken = this.log.records.length;
    return lines;
  }

  /** As a restart of the program makes it. */
  newSource(withPassword = true): LoginSource {
    const { clock, log, directory } = this;
    const caches = new TokenCaches({
      directory,
      emails: [EMAIL],
      isToken: isJwt,
      now: () => clock.now(),
      log,
    });
    const login = withPassword ? (signal: AbortSignal) => this.#login(signal) : null;
    this.source = new LoginSource({
      cache: caches.of(EMAIL),
      login,
      pause: loginPauseFile({
        directory,
        email: EMAIL,
        password: this.password,
        now: () => clock.now(),
      }),
      clock,
      random: () => 0.5,
      log,
    });
    return this.source;
  }

  async #login(signal: AbortSignal): Promise<string> {
    const outcome = this.outcomes.shift() ?? tokenFor(this.clock.now(), YEAR_MS);
    this.logins.push(typeof outcome === "string" ? outcome : "no token");
    if (outcome instanceof Error) throw outcome;
    return typeof outcome === "string" ? outcome : await outcome(signal);
  }

  async writeFile(content: unknown): Promise<void> {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    await Deno.writeTextFile(`${this.directory.path}/${FILE}`, text, { mode: 0o600 });
  }

  async writeToken(token: string, expiresAt: string, email = EMAIL): Promise<void> {
    await this.writeFile({
      token,
      email,
      expires_at: expiresAt,
      saved_at: "2025-11-02T10:56:23.123456789-05:00",
    });
  }

  async readFile(): Promise<Record<string, unknown>> {
    return JSON.parse(await Deno.readTextFile(`${this.directory.path}/${FILE}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function rfc(atMs: number): string {
  return new Date(atMs).toISOString().replace(".000Z", "Z");
}

Deno.test("LoginSource: the first run logs in and caches, in the seed's words", async () => {
  await using bench = await Bench.open();
  const { token, expectsLogin } = await bench.source.get(NEVER);
  assert.equal(expectsLogin, true);
  assert.deepEqual(bench.lines, [
    "info No cached token found, performing authentication...",
    "info Starting browser automation for authentication...",
    "info 💾 Token cached (expires in 8760h)",
  ]);
  assert.deepEqual(await bench.readFile(), {
    token,
    email: EMAIL,
    expires_at: "2026-11-02T15:56:23Z",
    saved_at: "2025-11-02T15:56:23Z",
  });
  assert.equal(((await Deno.stat(`${bench.directory.path}/${FILE}`)).mode ?? 0) & 0o777, 0o600);
});

Deno.test("LoginSource: the next run uses the cache, in the seed's words", async () => {
  await using bench = await Bench.open();
  const first = await bench.source.get(NEVER);
  await bench.clock.advance(DAY_MS);
  bench.take();
  assert.deepEqual(await bench.newSource().get(NEVER), first);
  assert.deepEqual(bench.lines, ["info ✅ Using cached token (expires in 8736h)"]);
  assert.equal(bench.logins.length, 1);
});

Deno.test("LoginSource: a token within 7 days of its end is renewed at the start, in the seed's words", async () => {
  await using bench = await Bench.open();
  const old = tokenFor(START_MS - YEAR_MS + 7 * DAY_MS, YEAR_MS);
  await bench.writeToken(old, "2025-11-09T15:56:23Z");
  const { token } = await bench.source.get(NEVER);
  assert.notEqual(token, old);
  assert.deepEqual(bench.lines, [
    "info Cached token expires soon (2025-11-09T15:56:23Z), will refresh",
    "info Starting browser automation for authentication...",
    "info 💾 Token cached (expires in 8760h)",
  ]);
});

Deno.test("LoginSource: a token with a second more than 7 days is used", async () => {
  await using bench = await Bench.open();
  const old = tokenFor(START_MS, 7 * DAY_MS + 1_000);
  await bench.writeToken(old, rfc(START_MS + 7 * DAY_MS + 1_000));
  assert.equal((await bench.source.get(NEVER)).token, old);
  assert.deepEqual(bench.lines, ["info ✅ Using cached token (expires in 168h)"]);
});

Deno.test("LoginSource: an expired token is replaced by a login", async () => {
  await using bench = await Bench.open();
  await bench.writeToken(tokenFor(START_MS - YEAR_MS - DAY_MS, YEAR_MS), "2025-11-01T15:56:23Z");
  await bench.source.get(NEVER);
  assert.deepEqual(bench.lines, [
    "info Cached token expired (2025-11-01T15:56:23Z), will refresh",
    "info Starting browser automation for authentication...",
    "info 💾 Token cached (expires in 8760h)",
  ]);
});

Deno.test("LoginSource: the token's own exp wins over expires_at, both ways", async () => {
  await using bench = await Bench.open();
  const long = tokenFor(START_MS, YEAR_MS);
  await bench.writeToken(long, "2025-11-01T00:00:00Z");
  assert.equal((await bench.source.get(NEVER)).token, long);
  assert.deepEqual(bench.take(), [
    "warn The token cache says that the token expires at 2025-11-01T00:00:00Z, the token itself says 2026-11-02T15:56:23Z: the token is right",
    "info ✅ Using cached token (expires in 8760h)",
  ]);
  await bench.writeToken(tokenFor(START_MS - 2 * DAY_MS, DAY_MS), "2026-11-01T00:00:00Z");
  await bench.newSource().get(NEVER);
  assert.equal(bench.logins.length, 1);
});

Deno.test("LoginSource: a token without exp lives as long as the file says, a new one a year", async () => {
  await using bench = await Bench.open();
  const timeless = makeJwt({});
  await bench.writeToken(timeless, rfc(START_MS + 30 * DAY_MS));
  assert.equal((await bench.source.get(NEVER)).token, timeless);
  await bench.clock.advance(24 * DAY_MS);
  bench.outcomes = [makeJwt({ jti: "new" })];
  await bench.newSource().get(NEVER);
  assert.equal((await bench.readFile())["expires_at"], rfc(START_MS + 24 * DAY_MS + YEAR_MS));
});

Deno.test("LoginSource: another email's token is not used", async () => {
  await using bench = await Bench.open();
  await bench.writeToken(tokenFor(START_MS, YEAR_MS), rfc(START_MS + YEAR_MS), "other@example.com");
  await bench.source.get(NEVER);
  assert.equal(bench.logins.length, 1);
  assert.equal((await bench.readFile())["email"], EMAIL);
  assert.deepEqual(bench.take().slice(0, 2), [
    `info The token in ${FILE} belongs to another email than the configured one`,
    "info No cached token found, performing authentication...",
  ]);
});

Deno.test("LoginSource: a corrupt file is set aside and replaced by a login", async () => {
  await using bench = await Bench.open();
  await bench.writeFile('{"token": "eyJ');
  await bench.source.get(NEVER);
  const aside = `${FILE}.corrupt-2025-11-02T15-56-23Z`;
  assert.deepEqual(bench.lines.slice(0, 2), [
    `warn Cannot use the token cache ${FILE}: it is not JSON. It was set aside as ${aside}`,
    "info No cached token found, performing authentication...",
  ]);
  assert.equal(await Deno.readTextFile(`${bench.directory.path}/${aside}`), '{"token": "eyJ');
});

Deno.test("LoginSource: callers at the same time share one login", async () => {
  await using bench = await Bench.open();
  const grants = await Promise.all([1, 2, 3].map(() => bench.source.get(NEVER)));
  assert.equal(new Set(grants.map((grant) => grant.token)).size, 1);
  assert.equal(bench.logins.length, 1);
});

Deno.test("LoginSource: while the old token is valid a failed renewal keeps it and is retried with back-off", async () => {
  await using bench = await Bench.open();
  const old = tokenFor(START_MS, 3 * DAY_MS);
  await bench.writeToken(old, rfc(START_MS + 3 * DAY_MS));
  bench.outcomes = [1, 2, 3].map(() =>
    new LoginError("pageUnreachable", "Cannot open the page: offline")
  );
  assert.equal((await bench.source.get(NEVER)).token, old);
  assert.equal(
    bench.lines.at(-1),
    "warn Cannot renew the token: Cannot open the page: offline. The old one is used until 2025-11-05T15:56:23Z (72 h); next try in 23 s",
  );
  // Neither a reconnect nor a restart of the caller's loop makes it faster.
  for (let attempt = 0; attempt < 5; attempt++) {
    assert.equal((await bench.source.get(NEVER)).token, old);
  }
  assert.equal(bench.logins.length, 1);

  const stop = new AbortController();
  const maintained = bench.source.maintain(stop.signal);
  const waits: number[] = [];
  while (bench.logins.length < 4) {
    const waitMs = await until(() => bench.clock.sleeps[0], "the next look");
    waits.push(waitMs);
    const before = bench.logins.length;
    await bench.clock.advance(waitMs);
    await until(() => bench.logins.length > before, "the next try");
  }
  assert.deepEqual(waits, [22_500, 45_000, 90_000]);
  await until(() => bench.lines.at(-1)?.includes("Token cached"), "the renewed token");
  assert.notEqual((await bench.source.get(NEVER)).token, old);
  stop.abort(new Error("stop"));
  await assert.rejects(maintained, /stop/);
});

Deno.test("LoginSource: the daily check renews in time, and a reconnect does not wait for it", async () => {
  await using bench = await Bench.open();
  const first = (await bench.source.get(NEVER)).token;
  const stop = new AbortController();
  const maintained = bench.source.maintain(stop.signal);
  const renewal = Promise.withResolvers<string>();
  bench.outcomes = [() => renewal.promise];
  let looks = 0;
  while (bench.logins.length < 2) {
    const waitMs = await until(
      () => bench.logins.length >= 2 ? 0 : bench.clock.sleeps[0],
      "the next look",
      undefined,
      { everyMs: 0 },
    );
    assert.ok(waitMs <= DAY_MS);
    if (waitMs === 0) break;
    await bench.clock.advance(waitMs);
    looks++;
  }
  assert.ok(looks >= 358 && looks <= 360, `looked ${looks} times`);
  assert.equal((await bench.source.get(NEVER)).token, first);
  renewal.resolve(tokenFor(bench.clock.now(), YEAR_MS));
  await until(async () => (await bench.source.get(NEVER)).token !== first, "the new token");
  stop.abort(new Error("stop"));
  await assert.rejects(maintained, /stop/);
});

Deno.test("LoginSource: a refused token is discarded and renewed once, then only slowly", async () => {
  await using bench = await Bench.open();
  const cached = tokenFor(START_MS, YEAR_MS);
  await bench.writeToken(cached, rfc(START_MS + YEAR_MS));
  bench.source.refused((await bench.source.get(NEVER)).token);
  const second = (await bench.source.get(NEVER)).token;
  assert.notEqual(second, cached);
  assert.equal(bench.logins.length, 1);

  bench.source.refused(second);
  assert.ok(
    bench.lines.includes("error Kosmi refused the new token too. Next login in 15 min"),
  );
  await assert.rejects(bench.source.get(NEVER), (error) => {
    assert.ok(error instanceof NeedsPersonError);
    assert.equal(error.retryAfterMs, 15 * MINUTE_MS);
    return true;
  });
  await assert.rejects(Deno.stat(`${bench.directory.path}/${FILE}`), Deno.errors.NotFound);
  await bench.clock.advance(15 * MINUTE_MS - 2_000);
  await assert.rejects(bench.source.get(NEVER), NeedsPersonError);
  assert.equal(bench.logins.length, 1);
  await bench.clock.advance(2_000);
  const third = (await bench.source.get(NEVER)).token;
  assert.equal(bench.logins.length, 2);
  bench.source.refused(third);
  await assert.rejects(bench.source.get(NEVER), { retryAfterMs: 30 * MINUTE_MS });
});

Deno.test("LoginSource: a token refused after months is renewed at once, again and again", async () => {
  await using bench = await Bench.open();
  await bench.source.get(NEVER);
  await bench.clock.advance(60 * DAY_MS);
  for (let round = 0; round < 3; round++) {
    bench.source.refused((await bench.source.get(NEVER)).token);
    bench.source.refused((await bench.source.get(NEVER)).token);
    await assert.rejects(bench.source.get(NEVER), { retryAfterMs: 15 * MINUTE_MS });
    await bench.clock.advance(15 * MINUTE_MS);
    const { token } = await bench.source.get(NEVER);
    await bench.clock.advance(60 * DAY_MS);
    bench.source.refused(token);
    await bench.source.get(NEVER);
    await bench.clock.advance(60 * DAY_MS);
  }
});

Deno.test("LoginSource: refused() of a token that is not in use changes nothing", async () => {
  await using bench = await Bench.open();
  const { token } = await bench.source.get(NEVER);
  bench.source.refused(tokenFor(START_MS, YEAR_MS));
  assert.equal((await bench.source.get(NEVER)).token, token);
});

Deno.test("LoginSource: wrong credentials are tried at most once in 15 minutes", async () => {
  await using bench = await Bench.open();
  const wrong = () => new LoginError("wrongCredentials", 'Cannot log in: the page says "No"');
  bench.outcomes = Array.from({ length: 40 }, wrong);
  const attempts: number[] = [];
  for (let minute = 0; minute < 8 * 60; minute++) {
    const before = bench.logins.length;
    await assert.rejects(bench.source.get(NEVER), NeedsPersonError);
    if (bench.logins.length > before) attempts.push(minute);
    await bench.clock.advance(MINUTE_MS);
  }
  assert.deepEqual(attempts, [0, 15, 45, 105, 225, 465]);
});

Deno.test("LoginSource: a refused password is not tried sooner by a restart, a changed one at once", async () => {
  await using bench = await Bench.open();
  const wrong = new LoginError("wrongCredentials", "Cannot log in: Kosmi says no");
  bench.outcomes = [wrong, wrong];
  await assert.rejects(bench.source.get(NEVER), NeedsPersonError);
  await bench.clock.advance(14 * MINUTE_MS);
  await assert.rejects(bench.newSource().get(NEVER), (error) => {
    assert.ok(error instanceof NeedsPersonError);
    assert.match(error.message, /Kosmi says no/);
    assert.ok(error.retryAfterMs >= MINUTE_MS && error.retryAfterMs <= MINUTE_MS + 1_000);
    return true;
  });
  assert.equal(bench.logins.length, 1);
  await bench.clock.advance(MINUTE_MS + 1_000);
  await assert.rejects(bench.newSource().get(NEVER), NeedsPersonError);
  assert.equal(bench.logins.length, 2);

  const files = (await bench.directory.list()).filter((name) => name.includes("pause"));
  assert.equal(files.length, 1);
  const content = await Deno.readTextFile(`${bench.directory.path}/${files[0]}`);
  assert.equal(content.includes(bench.password), false);
  bench.password = "another horse";
  await bench.newSource().get(NEVER);
  assert.equal(bench.logins.length, 3);
  assert.equal((await bench.directory.list()).some((name) => name.includes("pause")), false);
});

Deno.test("LoginSource: no other failure outlives a restart, and a person's renewal heeds no pause", async () => {
  await using bench = await Bench.open();
  bench.outcomes = [new LoginError("noBrowser", "no browser")];
  await assert.rejects(bench.source.get(NEVER), NeedsPersonError);
  await bench.newSource().get(NEVER);
  assert.equal(bench.logins.length, 2);

  bench.outcomes = [new LoginError("wrongCredentials", "no")];
  await assert.rejects(bench.newSource().renew(NEVER), NeedsPersonError);
  await bench.newSource().renew(NEVER);
  assert.equal(bench.logins.length, 4);
});

Deno.test("LoginSource: a pause from a clock that was wrong, or a broken one, is no pause", async () => {
  await using bench = await Bench.open();
  bench.outcomes = [new LoginError("wrongCredentials", "no")];
  bench.clock.jump(YEAR_MS);
  await assert.rejects(bench.source.get(NEVER), NeedsPersonError);
  bench.clock.jump(-YEAR_MS);
  await bench.newSource().get(NEVER);
  const name = (await bench.directory.list()).find((each) => each.includes("pause")) ??
    "kosmi_login_pause.x.json";
  await bench.directory.write(name, new TextEncoder().encode("{"));
  await bench.newSource().get(NEVER);
});

Deno.test("LoginSource: faults that pass are told once each, and waited for longer and longer", async () => {
  await using bench = await Bench.open();
  bench.outcomes = Array.from({ length: 200 }, () => new LoginError("pageUnreachable", "offline"));
  const waits: number[] = [];
  for (let attempt = 0; attempt < 9; attempt++) {
    const asked = bench.source.get(NEVER);
    asked.catch(() => {});
    if (attempt > 0) {
      await bench.clock.waitForSleeps();
      waits.push(bench.clock.sleeps[0] ?? 0);
      await bench.clock.advanceToNextSleep();
    }
    await assert.rejects(asked, { name: "LoginError", message: "offline" });
    assert.equal(bench.logins.length, attempt + 1);
  }
  const seconds = waits.map((waitMs) => waitMs / 1000);
  assert.deepEqual(seconds, [22.5, 45, 90, 180, 360, 720, 1350, 1350]);
});

Deno.test("LoginSource: an abort ends the wait for the next login", async () => {
  await using bench = await Bench.open();
  bench.outcomes = [new LoginError("pageUnreachable", "offline")];
  await assert.rejects(bench.source.get(NEVER), /offline/);
  const stop = new AbortController();
  const waiting = bench.source.get(stop.signal);
  await bench.clock.waitForSleeps();
  stop.abort(new Error("stopping"));
  await assert.rejects(waiting, /stopping/);
  assert.deepEqual(bench.clock.sleeps, []);
});

Deno.test("LoginSource.maintain() lets go only after the login of another caller has ended", async () => {
  await using bench = await Bench.open();
  let ended = false;
  bench.outcomes = [
    (signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () =>
          setTimeout(() => {
            ended = true;
            reject(signal.reason);
          }, 20))
      ),
  ];
  const stop = new AbortController();
  const maintained = bench.source.maintain(stop.signal);
  bench.source.get(stop.signal).catch(() => {});
  await until(() => bench.logins.length === 1, "the login");
  stop.abort(new Error("stopping"));
  await assert.rejects(maintained, /stopping/);
  assert.equal(ended, true);
});

Deno.test("LoginSource: an abort ends the login and leaves the way open for the next", async () => {
  await using bench = await Bench.open();
  let ended = false;
  bench.outcomes = [
    (signal) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => {
          ended = true;
          reject(new Error("Target closed"));
        })
      ),
  ];
  const stop = new AbortController();
  const waiting = bench.source.get(stop.signal);
  await until(() => bench.logins.length === 1, "the login");
  stop.abort(new Error("stopping"));
  await assert.rejects(waiting, /stopping/);
  assert.equal(ended, true);
  await bench.source.get(NEVER);
  assert.equal(bench.logins.length, 2);
});

Deno.test("LoginSource: when the file can't be written the token stays in memory, and is stored later", async () => {
  await using bench = await Bench.open();
  await Deno.mkdir(`${bench.directory.path}/${FILE}`);
  const { token } = await bench.source.get(NEVER);
  const warnings = bench.lines.filter((line) => line.includes("kept in memory"));
  assert.equal(warnings.length, 1);
  assert.equal(bench.lines.some((line) => line.includes("💾")), false);
  assert.equal((await bench.source.get(NEVER)).token, token);
  await Deno.remove(`${bench.directory.path}/${FILE}`);
  const stop = new AbortController();
  const maintained = bench.source.maintain(stop.signal);
  await until(() => bench.lines.some((line) => line.includes("💾")), "the late saving");
  assert.equal((await bench.readFile())["token"], token);
  stop.abort(new Error("stop"));
  await assert.rejects(maintained, /stop/);
});

Deno.test("LoginSource: without a password a cached token serves, and its lack needs a person", async () => {
  await using bench = await Bench.open();
  const source = bench.newSource(false);
  await assert.rejects(source.get(NEVER), (error) => {
    assert.ok(error instanceof NeedsPersonError && error.retryAfterMs >= 15 * MINUTE_MS);
    assert.match(error.message, /token import/);
    return true;
  });
  assert.deepEqual(bench.take(), []);
  const imported = tokenFor(START_MS, YEAR_MS);
  await bench.writeToken(imported, rfc(START_MS + YEAR_MS));
  assert.equal((await bench.newSource(false).get(NEVER)).token, imported);
});

Deno.test("LoginSource: a clock that is years behind or ahead is told, and makes no login storm", async () => {
  for (const wrongByMs of [-30 * YEAR_MS, 5 * YEAR_MS]) {
    await using bench = await Bench.open();
    bench.clock.jump(wrongByMs);
    bench.outcomes = [tokenFor(START_MS, YEAR_MS)];
    const { token } = await bench.source.get(NEVER);
    const direction = wrongByMs < 0 ? "behind" : "ahead of";
    assert.ok(bench.lines.some((line) => line.startsWith("warn") && line.includes(direction)));
    assert.equal((await bench.readFile())["expires_at"], "2026-11-02T15:56:23Z");
    await bench.clock.advance(DAY_MS);
    assert.equal((await bench.source.get(NEVER)).token, token);
    assert.equal(bench.logins.length, 1);
  }
});

Deno.test("LoginSource: a service whose tokens live an hour is not asked at every look", async () => {
  await using bench = await Bench.open();
  bench.outcomes = Array.from(
    { length: 100 },
    (_unused, index) => tokenFor(START_MS + index * HOUR_MS / 2, HOUR_MS),
  );
  await bench.source.get(NEVER);
  const stop = new AbortController();
  const maintained = bench.source.maintain(stop.signal);
  for (let minute = 0; minute < 120; minute++) {
    await bench.source.get(NEVER);
    await bench.clock.advance(MINUTE_MS);
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.ok(bench.logins.length >= 3 && bench.logins.length <= 6, `${bench.logins.length} logins`);
  stop.abort(new Error("stop"));
  await assert.rejects(maintained, /stop/);
});

Deno.test("LoginSource: status() tells everything but the token", async () => {
  await using bench = await Bench.open();
  const { token } = await bench.source.get(NEVER);
  const status = bench.source.status();
  assert.deepEqual(status, {
    origin: "login",
    email: EMAIL,
    userId: "user-1",
    savedAtMs: START_MS,
    expiresAtMs: START_MS + YEAR_MS,
    fault: null,
  });
  assert.equal(JSON.stringify(status).includes(token), false);
  assert.equal(bench.lines.join("\n").includes(token), false);
});
