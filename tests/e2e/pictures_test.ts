import assert from "node:assert/strict";
import type { PictureNetwork } from "../../src/bridges/kosmi/link/options.ts";
import { IrcSandbox } from "../sandbox/irc/irc_sandbox.ts";
import { type KosmiSandbox, startKosmi } from "../sandbox/kosmi/mod.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { PictureHost, PNG } from "../support/picture_host.ts";
import { RelayInProcess } from "../support/relay_in_process.ts";
import { type RelayProcess, startRelay } from "../support/relay_process.ts";

const ROOM = "@movienight";
const CHANNEL = "#films";

/** The test's picture host plays the public web. */
const LOOPBACK: PictureNetwork = {
  resolve: () => Promise.resolve(["127.0.0.1"]),
  mayVisit: () => true,
};

/** A picture host, a room and a channel, and a relay between these two. */
class World implements AsyncDisposable {
  readonly #relay: RelayInProcess;

  private constructor(
    readonly host: PictureHost,
    readonly kosmi: KosmiSandbox,
    readonly irc: IrcSandbox,
    readonly log: LogRecorder,
    relay: RelayInProcess,
  ) {
    this.#relay = relay;
  }

  static async create(kosmiOptions: string): Promise<World> {
    const irc = await IrcSandbox.start();
    irc.addUser("alice", { channels: [CHANNEL] });
    const kosmi = await startKosmi();
    const log = new LogRecorder();
    const relay = await RelayInProcess.start({
      config: config(kosmi, irc, kosmiOptions),
      token: kosmi.issueToken(),
      log,
      pictureNetwork: LOOPBACK,
    });
    const world = new World(await PictureHost.start(), kosmi, irc, log, relay);
    await world.log.waitFor(/^in main$/);
    await world.log.waitFor(new RegExp(`^in ${CHANNEL}$`));
    return world;
  }

  /** Says all of it and answers what the room shows of it. */
  async say(...texts: readonly string[]): Promise<string[]> {
    for (const text of texts) this.irc.say("alice", CHANNEL, text);
    await this.kosmi.waitUntil(() => this.kosmi.messages(ROOM).length >= texts.length, 20_000);
    return this.kosmi.messages(ROOM).map(({ text }) => text);
  }

  /** The address of the nth uploaded picture. */
  place(nth: number): string {
    const name = [...this.kosmi.images().keys()][nth] ?? "none";
    return `${this.kosmi.imageEndpoint.replace(/\/$/, "")}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#relay[Symbol.asyncDispose]();
    await this.irc[Symbol.asyncDispose]();
    await this.kosmi.stop();
    await this.host[Symbol.asyncDispose]();
  }
}

function config(kosmi: KosmiSandbox, irc: IrcSandbox, kosmiOptions: string): string {
  return `
[irc.test]
Server="${irc.host}:${irc.port}"
Nick="relay"
MessageDelay=1
[kosmi.test]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
ImageEndpoint="${kosmi.imageEndpoint}"
RemoteNickFormat="<{NICK}> "
MessageDelay=0
${kosmiOptions}
[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="irc.test"
channel="${CHANNEL}"
[[gateway.inout]]
account="kosmi.test"
channel="main"
`;
}

Deno.test("pictures: with UploadImages a linked picture is shown from Kosmi's own host, in order", async () => {
  await using world = await World.create("UploadImages=true");
  world.host.picture("/dog.png");
  const [cat, dog] = [world.host.url("/cat.png"), world.host.url("/dog.png?x=1")];
  const shown = await world.say("before", `look: ${cat}, and ${dog}!`, "after", `again ${cat}`);
  const images = [...world.kosmi.images().values()];
  assert.equal(images.length, 2);
  assert.deepEqual(images.map(({ type, bytes }) => ({ type, bytes })), [
    { type: "image/png", bytes: PNG },
    { type: "image/png", bytes: PNG },
  ]);
  const [one = "", two = ""] = [world.place(0), world.place(1)];
  const swapped = `<alice> look: ${one}, and ${two}!` !== shown[1];
  const [first, second] = swapped ? [two, one] : [one, two];
  assert.deepEqual(shown, [
    "<alice> before",
    `<alice> look: ${first}, and ${second}!`,
    "<alice> after",
    `<alice> again ${first}`,
  ]);
});

Deno.test("pictures: what is no picture, too large or gone stays a link, with one line in the log", async () => {
  await using world = await World.create("UploadImages=true");
  const { host } = world;
  host.picture("/page.png", new TextEncoder().encode("<html>no picture at all</html>"));
  const large = new Uint8Array(10 * 1024 * 1024 + 1);
  large.set(PNG);
  host.picture("/large.png", large);
  const texts = ["/page.png", "/large.png", "/gone.png", "/page.html"].map((path) =>
    host.url(path)
  );
  assert.deepEqual(await world.say(...texts), texts.map((text) => `<alice> ${text}`));
  assert.equal(world.kosmi.images().size, 0);
  const said = world.log.texts("warn").filter((text) => text.includes("stays a link"));
  assert.equal(said.length, 3);
  assert(!host.asked.some((asked) => asked.includes("page.html")), "no page is visited");
});

Deno.test("pictures: a room whose picture is slow holds up its own messages only", async () => {
  await using world = await World.create("UploadImages=true");
  let release = () => {};
  world.host.pages.set("/slow.png", (_request, response) => {
    release = () => response.writeHead(200).end(PNG);
  });
  world.irc.say("alice", CHANNEL, world.host.url("/slow.png"));
  world.irc.say("alice", CHANNEL, "behind it");
  await world.host.changes.until(() => world.host.asked.length > 0, "the picture to be asked for");
  world.kosmi.say(ROOM, { name: "Zoë" }, "meanwhile");
  await world.irc.waitForMessage(CHANNEL, /meanwhile/);
  assert.equal(world.kosmi.messages(ROOM).length, 1);
  release();
  await world.kosmi.waitUntil(() => world.kosmi.messages(ROOM).length === 3);
  assert.deepEqual(world.kosmi.messages(ROOM).slice(1).map(({ text }) => text), [
    `<alice> ${world.place(0)}`,
    "<alice> behind it",
  ]);
});

Deno.test("pictures: when Kosmi takes none, and without UploadImages, links stay as they are", async () => {
  await using refused = await World.create("UploadImages=true");
  refused.kosmi.setVariant({ images: { status: 500 } });
  const cat = refused.host.url("/cat.png");
  assert.deepEqual(await refused.say(cat), [`<alice> ${cat}`]);
  await using plain = await World.create("");
  assert.deepEqual(await plain.say(cat), [`<alice> ${cat}`]);
  assert.deepEqual(plain.host.asked, []);
});

Deno.test("pictures: the program itself never visits this machine or its networks", async () => {
  await using host = await PictureHost.start();
  await using kosmi = await startKosmi();
  await using irc = await IrcSandbox.start();
  irc.addUser("alice", { channels: [CHANNEL] });
  await using relay: RelayProcess = await startRelay({
    config: config(kosmi, irc, "UploadImages=true"),
  });
  await relay.waitForLog(/msg="in main"/, { timeoutMs: 30_000 });
  await relay.waitForLog(new RegExp(`msg="in ${CHANNEL}"`), { timeoutMs: 30_000 });
  const names = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433", "0"];
  const links = names.map((name) => host.url("/cat.png", name));
  for (const link of links) irc.say("alice", CHANNEL, `see ${link}`);
  await kosmi.waitUntil(() => kosmi.messages(ROOM).length === links.length, 20_000);
  assert.deepEqual(
    kosmi.messages(ROOM).map(({ text }) => text),
    links.map((link) => `<alice> see ${link}`),
  );
  await relay.waitForLog(/stays a link: it does not lie on the public web/);
  assert.deepEqual(host.asked, []);
});
