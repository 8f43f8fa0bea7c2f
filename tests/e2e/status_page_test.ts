import assert from "node:assert/strict";
import { needs } from "../support/skip.ts";
import { StatusBrowser } from "./support/status_browser.ts";
import { CHANNEL, ROOM, World } from "./support/world.ts";

const TOKEN = "s3cr3t-token-of-enough-letters";
const ACCOUNT = '[data-account="kosmi.test"]';

async function openWorld(general: string): Promise<{ world: World; url: string }> {
  const world = await World.create({
    server: "ngircd",
    general: `StatusListen="127.0.0.1:0"\n${general}`,
    kosmiAccount: "MessageDelay=0",
  });
  const [, url = ""] = await world.relay.waitForLog(/status page on (http:\/\/127\.0\.0\.1:\d+\/)/);
  return { world, url };
}

needs("chromium", "ngircd")(
  "the status page tells live that Kosmi is cut and comes back",
  async () => {
    const { world, url } = await openWorld("StatusShowMessages=true");
    await using _world = world;
    await using browser = await StatusBrowser.open();
    const { page } = browser;
    await page.goto(url);
    await browser.waitForText("#live", "live");
    await browser.waitForText("#verdict", "Everything is connected");
    await browser.waitForText(ACCOUNT, "connected as");

    await world.alice.say(CHANNEL, "is <b>anybody</b> there?");
    await world.kosmi.waitForMessage(ROOM, ({ text }) => text.includes("anybody"));
    await browser.waitForText("#recent", "<alice> is <b>anybody</b> there?");
    await browser.waitForText("#hour", "1 message delivered");

    await world.kosmi.stop();
    await browser.waitForText("#verdict", "Not connected: kosmi.test");
    await browser.waitForText(ACCOUNT, "not connected, next try in");
    await browser.waitForText(ACCOUNT, "Nobody listens there");
    await world.alice.say(CHANNEL, "waits for Kosmi");
    await browser.waitForText("#verdict", "1 message waits");

    await world.kosmi.start();
    await world.kosmi.waitForMessage(ROOM, ({ text }) => text.includes("waits for Kosmi"), 30_000);
    await browser.waitForText("#verdict", "Everything is connected");
    await browser.waitForText(ACCOUNT, "1 reconnect");

    assert.deepEqual(browser.complaints, []);
    assert.deepEqual(browser.requests.filter((address) => !address.startsWith(url)), []);

    // Whoever looks does not hold up the end of the relay, and is told of it.
    const { code } = await world.relay.stop("SIGTERM", 5_000);
    assert.equal(code, 0);
    await browser.waitForText("#live", "no connection to the relay");
  },
);

needs("chromium", "ngircd")(
  "the status page can be read by everybody: contrast, labels, order",
  async () => {
    const { world, url } = await openWorld("");
    await using _world = world;
    await using browser = await StatusBrowser.open();
    await world.alice.say(CHANNEL, "one");
    await world.kosmi.waitForMessage(ROOM, ({ text }) => text.includes("one"));
    for (const state of ["connected", "cut"] as const) {
      if (state === "cut") await world.kosmi.stop();
      for (const look of ["light", "dark", "phone"] as const) {
        await browser.wear(look);
        await browser.page.goto(url);
        const words = state === "cut" ? "Not connected" : "Everything is connected";
        await browser.waitForText("#verdict", words);
        assert.deepEqual(await browser.axeFaults(), [], `${state}, ${look}`);
        const widths = await browser.page.evaluate(
          "[document.documentElement.scrollWidth, innerWidth]",
        );
        assert.ok(Array.isArray(widths) && widths[0] <= widths[1], `too wide: ${widths}`);
      }
    }
    assert.deepEqual(browser.complaints, []);
  },
);

needs("chromium", "ngircd")("the status page shows its tables without JavaScript", async () => {
  const { world, url } = await openWorld("");
  await using _world = world;
  await using browser = await StatusBrowser.open();
  await browser.page.setJavaScriptEnabled(false);
  await browser.page.goto(url);
  const text = await browser.page.$eval("main", (main) => main.textContent ?? "");
  for (const expected of ["connected as", "irc.test", CHANNEL, "Delivered", "Last hour"]) {
    assert.ok(text.includes(expected), expected);
  }
  const live = await browser.page.$("#live:not([hidden])");
  assert.equal(live, null, "it does not claim to be live");
});

needs("chromium", "ngircd")(
  "the status page asks for its token, and keeps it out of addresses and logs",
  async () => {
    const { world, url } = await openWorld(`StatusToken="${TOKEN}"`);
    await using _world = world;
    await using browser = await StatusBrowser.open();
    const { page } = browser;
    await page.goto(url);
    assert.deepEqual(await browser.axeFaults(), []);
    assert.equal((await page.content()).includes("irc.test"), false);
    browser.complaints.length = 0;
    await page.type("input[name=token]", "guess");
    await Promise.all([page.waitForNavigation(), page.click("button")]);
    await browser.waitForText("[role=alert]", "Wrong token");
    assert.deepEqual(await browser.axeFaults(), []);
    await page.type("input[name=token]", TOKEN);
    await Promise.all([page.waitForNavigation(), page.click("button")]);
    await browser.waitForText("#live", "live");
    assert.equal(page.url(), url);
    await page.deleteCookie(...await page.cookies());
    await page.goto(`${url}?token=${TOKEN}`);
    await browser.waitForText("#live", "live");
    assert.equal(page.url(), url);
    assert.equal(world.relay.output.includes(TOKEN), false);
    assert.equal((await page.content()).includes(TOKEN), false);
  },
);
