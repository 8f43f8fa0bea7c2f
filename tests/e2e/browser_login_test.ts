import assert from "node:assert/strict";
import { browserLogin, type BrowserLoginOptions } from "../../src/auth/browser/browser_login.ts";
import { readJwt } from "../../src/auth/tokens/jwt.ts";
import { LoginError, type LoginFailure } from "../../src/auth/tokens/login_error.ts";
import { systemClock } from "../../src/base/clock.ts";
import { LOGIN_PAGE } from "../../src/bridges/kosmi/protocol/operations.ts";
import { type DataDirectory, openDataDirectory } from "../../src/store/files/data_directory.ts";
import { type KosmiSandbox, type LoginVariants, startKosmi } from "../sandbox/kosmi/mod.ts";
import { browserProcesses } from "../support/browser_processes.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { findProgram, needs } from "../support/skip.ts";
import { tempDir } from "../support/temp_dir.ts";
import { until } from "../support/wait.ts";
import { serveOtherLoginPage } from "./support/other_login_page.ts";
import { freePort } from "../support/ports.ts";

const EMAIL = "bot@example.org";
const PASSWORD = "s3cr3t horse";
const NEVER = new AbortController().signal;

/** The stand-in web app and a data directory; whoever leaves proves that no browser is left. */
class Site implements AsyncDisposable {
  readonly log = new LogRecorder();
  readonly steps: string[] = [];
  readonly #stack = new AsyncDisposableStack();
  readonly kosmi: KosmiSandbox;
  readonly directory: DataDirectory;

  static async open(login: Partial<LoginVariants> = {}): Promise<Site> {
    const kosmi = await startKosmi({ variants: { login } });
    const temp = await tempDir();
    const directory = await openDataDirectory({ path: temp.path, log: new LogRecorder() });
    const site = new Site(kosmi, directory);
    site.#stack.use(kosmi);
    site.#stack.use(temp);
    site.#stack.use(directory);
    return site;
  }

  constructor(kosmi: KosmiSandbox, directory: DataDirectory) {
    this.kosmi = kosmi;
    this.directory = directory;
  }

  logIn(changes: Partial<BrowserLoginOptions> = {}, signal = NEVER): Promise<string> {
    return browserLogin({
      appUrl: this.kosmi.appUrl,
      email: EMAIL,
      password: PASSWORD,
      page: LOGIN_PAGE,
      browserPath: findProgram("chromium"),
      browserUrl: null,
      env: () => undefined,
      directory: this.directory,
      clock: systemClock,
      log: this.log,
      onStep: (step) => this.steps.push(step),
      findLimitMs: 2_500,
      ...changes,
    }, signal);
  }

  async fails(failure: LoginFailure, text: RegExp, changes: Partial<BrowserLoginOptions> = {}) {
    const error = await this.logIn(changes).then(() => null, (thrown) => thrown);
    assert.ok(error instanceof LoginError, `threw ${error}`);
    assert.equal(error.failure, failure, error.message);
    assert.match(error.message, text);
    assert.equal(error.message.includes(changes.password ?? PASSWORD), false, error.message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    assert.deepEqual(await browserProcesses(this.directory.path), []);
    const left = (await this.directory.list()).filter((name) => name.startsWith(".scratch"));
    assert.deepEqual(left, []);
    await this.#stack.disposeAsync();
  }
}

function browserTest(name: string, run: () => Promise<void>): void {
  needs("chromium")(`browserLogin() ${name}`, run);
}

const GOOD: Record<string, Partial<LoginVariants>> = {
  "logs in to the usual page": {},
  "finds other words, bare fields and a way past a cookie banner": {
    button: "Sign in",
    emailButton: "Continue with email",
    submitButton: "Let me in",
    bareFields: true,
    cookieBanner: true,
  },
  "logs in where no anonymous token lay before": { anonymousTokenAfterMs: null },
  "waits for a slow page and a slow token": {
    renderDelayMs: 800,
    dialogDelayMs: 700,
    tokenAfterMs: 2_000,
  },
  "does not take an anonymous token that comes late for the login's": {
    anonymousTokenAfterMs: 4_000,
    tokenAfterMs: 6_000,
  },
};

for (const [name, variant] of Object.entries(GOOD)) {
  browserTest(name, async () => {
    await using site = await Site.open(variant);
    const token = await site.logIn();
    const own = site.kosmi.issueToken({ email: EMAIL });
    assert.equal(readJwt(token)?.subject, readJwt(own)?.subject);
    assert.deepEqual(site.steps, [
      "starting the browser",
      "opening the page",
      "looking for the login form",
      "typing email and password",
      "sending the form",
      "waiting for the token",
    ]);
    assert.equal(site.log.texts().join("\n").includes(PASSWORD), false);
  });
}

browserTest("quotes the page's own words for a wrong password, alert or not", async () => {
  for (const alertRole of [true, false]) {
    await using site = await Site.open({ alertRole });
    await site.fails("wrongCredentials", /says "Invalid email or password"\. Check Email/, {
      password: "hunter2 wrong",
    });
  }
});

browserTest("quotes a refusal in words it does not know, without the password in it", async () => {
  await using site = await Site.open({
    alertRole: false,
    wrongPasswordText: "Nope: hunter2 wrong",
  });
  await site.fails("wrongCredentials", /says "Nope: \(password\)"/, { password: "hunter2 wrong" });
});

browserTest("tells a captcha and a second factor apart", async () => {
  await using site = await Site.open({ challenge: "captcha" });
  await site.fails("captcha", /captcha.*token import/);
  site.kosmi.setVariant({ login: { challenge: "second-factor" } });
  await site.fails("secondFactor", /second factor.*token import/);
});

browserTest("names the step that is missing and saves a picture", async () => {
  const cases: [Partial<LoginVariants>, RegExp][] = [
    [{ button: "none" }, /no login button on the page/],
    [{ emailButton: "none" }, /no choice to log in with email/],
    [{ form: "missing" }, /no form for email and password/],
  ];
  for (const [variant, text] of cases) {
    await using site = await Site.open(variant);
    await site.fails("pageChanged", text);
    const picture = await Deno.stat(`${site.directory.path}/kosmi_login_page.png`);
    assert.equal((picture.mode ?? 0) & 0o777, 0o600);
    assert.ok(picture.size > 1_000);
  }
});

browserTest("says so when no new token comes", async () => {
  await using site = await Site.open({ tokenUnchanged: true });
  await site.fails("noTokenInTime", /no new token came within 6 s/, { limitMs: 6_000 });
});

browserTest("tells a page that is not reachable and one that answers with an error", async () => {
  await using site = await Site.open();
  const port = freePort();
  await site.fails("pageUnreachable", /connection refused\. Check the network/, {
    appUrl: `http://127.0.0.1:${port}`,
  });
  site.kosmi.setVariant({ app: { status: 503 } });
  await site.fails("pageUnreachable", /status 503/);
});

browserTest("keeps to its deadline while the page never answers", async () => {
  await using site = await Site.open();
  site.kosmi.setVariant({ app: { hang: true } });
  await site.fails("noTokenInTime", /within 3 s: still at the step "opening the page"/, {
    limitMs: 3_000,
  });
});

Deno.test("browserLogin() says what to do when there is no browser", async () => {
  await using site = await Site.open();
  await site.fails("noBrowser", /no\/such\/browser, which BrowserPath names.*Install Chromium/, {
    browserPath: "/no/such/browser",
  });
  await site.fails("noBrowser", /no\/other, which CHROME_PATH names/, {
    browserPath: null,
    env: (name) => name === "CHROME_PATH" ? "/no/other" : undefined,
  });
});

Deno.test("browserLogin() says so when the browser can't start", async () => {
  await using site = await Site.open();
  await site.fails("browserFailed", /Cannot start the browser \/bin\/false: .*set BrowserPath/, {
    browserPath: "/bin/false",
  });
});

Deno.test("browserLogin() says so when the remote browser does not answer, without the address's key", async () => {
  await using site = await Site.open();
  const port = freePort();
  for (const scheme of ["ws", "http"]) {
    const browserUrl = `${scheme}://127.0.0.1:${port}/?token=s3cretkey`;
    const error = await site.logIn({ browserUrl }).then(() => null, (thrown) => thrown);
    assert.ok(error instanceof LoginError);
    assert.equal(error.failure, "browserFailed");
    assert.match(error.message, /which BrowserURL names/);
    assert.equal(error.message.includes("s3cretkey"), false, error.message);
  }
});

browserTest("ends the browser when it is aborted, at any step", async () => {
  await using site = await Site.open({ tokenAfterMs: null });
  for (
    const last of [
      "starting the browser",
      "opening the page",
      "typing email and password",
      "waiting for the token",
    ]
  ) {
    const stop = new AbortController();
    const login = site.logIn({
      onStep: (step) => {
        if (step === last) setTimeout(() => stop.abort(new Error("stopping")), 50);
      },
    }, stop.signal);
    await assert.rejects(login, /stopping/);
    assert.deepEqual(await browserProcesses(site.directory.path), []);
  }
});

for (const home of ["frame", "shadow"] as const) {
  browserTest(`finds its way through a quite different page, its form in a ${home}`, async () => {
    await using site = await Site.open();
    await using other = serveOtherLoginPage(home);
    assert.equal(await site.logIn({ appUrl: other.url, findLimitMs: 6_000 }), other.token);
  });
}

browserTest("starts below a path that is too long for Chromium's sockets", async () => {
  await using site = await Site.open();
  const path = `${site.directory.path}/${"long".repeat(25)}`;
  await using directory = await openDataDirectory({ path, log: new LogRecorder() });
  await site.logIn({ directory });
});

browserTest("starts beside a data directory that takes nothing", async () => {
  await using site = await Site.open();
  const refuse = () => Promise.reject(new Error("Read-only file system"));
  const directory = { path: site.directory.path, makeScratch: refuse, write: refuse };
  // Nobody can tell whether it runs as root, where Chromium has no sandbox: there is no folder of its own to look at.
  const changes = { directory, browserSandbox: "auto" } as const;
  const profiles = () =>
    Array.from(Deno.readDirSync("/tmp"), ({ name }) => name)
      .filter((name) => /^kosmi-relay-[\da-f]{8}$/.test(name));
  const before = profiles();
  await site.logIn(changes);
  assert.deepEqual(profiles().filter((name) => !before.includes(name)), []);
  site.kosmi.setVariant({ login: { button: "none" } });
  await site.fails("pageChanged", /no picture of it could be saved/, changes);
});

browserTest("uses a browser elsewhere in a window of its own, and leaves it running", async () => {
  await using site = await Site.open();
  await using remote = await startRemoteBrowser();
  for (const browserUrl of [remote.ws, remote.http]) {
    const token = await site.logIn({ browserUrl, browserPath: "/no/such/browser" });
    assert.notEqual(readJwt(token), null);
    assert.equal(site.steps[0], "connecting to the browser");
  }
  assert.deepEqual(await remote.pages(), ["about:blank"]);
});

/** A browser that somebody else started, with its debugging port open. */
async function startRemoteBrowser() {
  const profile = await tempDir();
  const child = new Deno.Command(findProgram("chromium") ?? "chromium", {
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--no-first-run",
      "--remote-debugging-port=0",
      `--user-data-dir=${profile.path}`,
      "about:blank",
    ],
    env: { HOME: profile.path, TMPDIR: profile.path },
    stdout: "null",
    stderr: "null",
  }).spawn();
  // Its second line may come a moment after the first.
  const [port, path] = await until(async () => {
    const text = await Deno.readTextFile(profile.file("DevToolsActivePort")).catch(() => "");
    const lines = text.split("\n");
    return lines[1]?.startsWith("/") === true ? lines : null;
  }, "the browser's port");
  const http = `http://127.0.0.1:${port}`;
  return {
    http,
    ws: `ws://127.0.0.1:${port}${path}`,
    async pages(): Promise<string[]> {
      const list: { type: string; url: string }[] = await (await fetch(`${http}/json/list`)).json();
      return list.filter(({ type }) => type === "page").map(({ url }) => url);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
      await until(async () => (await browserProcesses(profile.path)).length === 0, "its end");
      await profile.remove();
    },
  };
}

browserTest("says so when the browser dies", async () => {
  await using site = await Site.open({ tokenAfterMs: null });
  const login = site.fails("browserCrashed", /ended by itself at the step "waiting for the token"/);
  login.catch(() => {});
  await until(() => site.steps.at(-1) === "waiting for the token", "the last step");
  const [first] = await browserProcesses(site.directory.path);
  assert.ok(first !== undefined);
  Deno.kill(first, "SIGKILL");
  await login;
});
