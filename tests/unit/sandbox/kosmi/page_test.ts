import assert from "node:assert/strict";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { type KosmiSandbox, type LoginVariants, startKosmi } from "../../../sandbox/kosmi/mod.ts";

const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find((path) => exists(path));
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const EMAIL = "bot@example.org";

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

async function launch(): Promise<Browser & AsyncDisposable> {
  const userDataDir = await Deno.makeTempDir({ prefix: "kosmi-page-" });
  const browser = await puppeteer.launch({
    executablePath: CHROMIUM ?? "",
    pipe: true,
    userDataDir,
    args: QUIET,
  });
  const dispose = async () => {
    await browser.close();
    await Deno.remove(userDataDir, { recursive: true });
  };
  return Object.assign(browser, { [Symbol.asyncDispose]: dispose });
}

/** A page of a visitor that nobody has seen before, with a note of what it should not do. */
async function visit(browser: Browser, address: string): Promise<Page & { faults: string[] }> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.protocol !== "data:" && url.hostname !== "127.0.0.1") faults.push(request.url());
  });
  await page.goto(address);
  return Object.assign(page, { faults });
}

function token(page: Page): Promise<string | null> {
  return page.evaluate(`localStorage.getItem("token")`) as Promise<string | null>;
}

async function clickButton(page: Page, name: string): Promise<void> {
  await (await page.waitForSelector(`::-p-aria([name="${name}"][role="button"])`))?.click();
}

async function openForm(page: Page): Promise<void> {
  await page.waitForFunction(`localStorage.getItem("token") !== null`);
  await clickButton(page, "Login");
  await clickButton(page, "Login with Email");
  await page.waitForSelector("input[type=password]");
}

async function logIn(page: Page, password: string): Promise<void> {
  await openForm(page);
  await page.type("input[type=email]", EMAIL);
  await page.type("input[type=password]", password);
  await page.keyboard.press("Enter");
}

async function withLogin(
  kosmi: KosmiSandbox,
  browser: Browser,
  login: Partial<LoginVariants>,
  work: (page: Page & { faults: string[] }) => Promise<void>,
): Promise<void> {
  const before = kosmi.variants.login;
  kosmi.setVariant({ login });
  const page = await visit(browser, kosmi.appUrl);
  await work(page);
  assert.deepEqual(page.faults, []);
  await page.browserContext().close();
  kosmi.setVariant({ login: before });
}

Deno.test({
  name: "the login page behaves as Kosmi's, in a real browser",
  ignore: CHROMIUM === undefined,
  async fn(t) {
    await using kosmi = await startKosmi();
    await using browser = await launch();
    const step = (
      name: string,
      login: Partial<LoginVariants>,
      work: (page: Page & { faults: string[] }) => Promise<void>,
    ) => t.step(name, () => withLogin(kosmi, browser, login, work));

    await step("an anonymous token is there first, the login's comes later", {}, async (page) => {
      await openForm(page);
      const anonymous = await token(page);
      await page.type("input[type=email]", EMAIL);
      await page.type("input[type=password]", "s3cr3t horse");
      await page.keyboard.press("Enter");
      await page.waitForFunction(`localStorage.getItem("token") !== ${JSON.stringify(anonymous)}`);
      assert.equal(kosmi.counters.logins, 1);
    });

    await step("values set by a script are not sent", {}, async (page) => {
      await openForm(page);
      await page.evaluate(`for (const field of document.querySelectorAll("input")) {
        field.value = field.type === "password" ? "s3cr3t horse" : "${EMAIL}";
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }`);
      await page.keyboard.press("Tab");
      await page.click("form button[type=submit]");
      await page.waitForSelector("[role=alert]");
      assert.equal(kosmi.counters.logins, 1);
    });

    await step("a wrong password shows the page's own message", {}, async (page) => {
      await logIn(page, "wrong");
      const alert = await page.waitForSelector("[role=alert]");
      const text = await alert?.evaluate((element) => element.textContent);
      assert.equal(text, "Invalid email or password");
    });

    await step(
      "other labels",
      { button: "Sign in", emailButton: "Continue with email" },
      async (page) => {
        await clickButton(page, "Sign in");
        await clickButton(page, "Continue with email");
        await page.waitForSelector("form");
      },
    );

    await step("no login button", { button: "none" }, async (page) => {
      await page.waitForFunction(`localStorage.getItem("token") !== null`);
      assert.equal((await page.$$("button")).length, 0);
    });

    await step("no form", { form: "missing" }, async (page) => {
      await clickButton(page, "Login");
      await clickButton(page, "Login with Email");
      await page.waitForFunction(`document.body.innerText.includes("Something went wrong")`);
      assert.equal(await page.$("form"), null);
    });

    await step("a captcha in place of a token", { challenge: "captcha" }, async (page) => {
      await logIn(page, "s3cr3t horse");
      await page.waitForSelector('iframe[title="reCAPTCHA"]');
    });

    await step(
      "a second factor in place of a token",
      { challenge: "second-factor" },
      async (page) => {
        await logIn(page, "s3cr3t horse");
        await page.waitForSelector('input[autocomplete="one-time-code"]');
      },
    );

    await step(
      "a login that leaves the token as it was",
      { tokenUnchanged: true },
      async (page) => {
        await page.waitForFunction(`localStorage.getItem("token") !== null`);
        const before = await token(page);
        await logIn(page, "s3cr3t horse");
        await page.waitForSelector(".account");
        assert.equal(await token(page), before);
      },
    );

    await step("a cookie banner lies over the button", { cookieBanner: true }, async (page) => {
      await clickButton(page, "Login");
      assert.equal(await page.$("[role=dialog]"), null);
      await clickButton(page, "Accept all");
      await clickButton(page, "Login");
      await page.waitForSelector("[role=dialog]");
    });

    await t.step("the page can be out of reach", async () => {
      kosmi.setVariant({ app: { status: 500 } });
      const context = await browser.createBrowserContext();
      const response = await (await context.newPage()).goto(kosmi.appUrl);
      assert.equal(response?.status(), 500);
    });
  },
});

Deno.test({
  name: "the room page is a member of the room, in a real browser",
  ignore: CHROMIUM === undefined,
  async fn() {
    const room = "@movienight";
    await using kosmi = await startKosmi();
    const first = kosmi.say(room, { name: "Ada" }, "<b>old</b> news");
    await using browser = await launch();
    const page = await visit(browser, `${kosmi.roomUrl(room)}?name=Kim`);
    const shows = (text: string) =>
      page.waitForFunction(
        `document.getElementById("log").innerText.includes(${JSON.stringify(text)})`,
      );

    await shows("<b>old</b> news");
    await kosmi.waitUntil(() =>
      kosmi.connections()[0]?.subscriptions.includes("newMessage") === true
    );
    assert.deepEqual(kosmi.members(room), ["Kim"]);
    await page.type("#text", "hello from the page");
    await page.keyboard.press("Enter");
    const typed = await kosmi.waitForMessage(room, (one) => one.text === "hello from the page");
    assert.equal(typed.author.name, "Kim");

    kosmi.say(room, { name: "Bob" }, "a reply", { replyTo: first.id });
    await shows("a reply");
    await page.waitForSelector(".quote");
    kosmi.edit(room, first.id, "newer news");
    await shows("newer news (edited)");
    kosmi.react(room, first.id, { name: "Bob" }, "❤");
    await shows("❤ 1");
    kosmi.delete(room, first.id);
    await shows("message deleted");
    kosmi.join(room, { name: "Eve" });
    await shows("Eve joined");
    await kosmi.stop();
    await page.waitForSelector("#state[data-state=closed]");
    await kosmi.start();
    await page.waitForSelector("#state[data-state=live]");
    await kosmi.waitUntil(() =>
      kosmi.connections()[0]?.subscriptions.includes("newMessage") === true
    );
    kosmi.say(room, { name: "Bob" }, "still here");
    await shows("still here");
    assert.deepEqual(page.faults, []);
  },
});
