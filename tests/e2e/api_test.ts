import assert from "node:assert/strict";
import { IrcSandbox } from "../sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../sandbox/kosmi/mod.ts";
import { Matterbridge } from "../sandbox/matterbridge/server.ts";
import { ApiClient } from "../support/api_client.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { freePort } from "../support/ports.ts";
import { RelayInProcess } from "../support/relay_in_process.ts";
import { needs } from "../support/skip.ts";
import { tempDir } from "../support/temp_dir.ts";
import { documentedExample } from "./support/documented_example.ts";
import { StatusBrowser } from "./support/status_browser.ts";

const CHANNEL = "#your-films";
const ROOM = "@movienight";
const TOKEN = "some-long-random-characters";

/** IRC and the API of docs/matterbridge-together.md, with the relay between them. */
class ApiWorld implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;

  private constructor(
    stack: AsyncDisposableStack,
    readonly irc: IrcSandbox,
    readonly client: ApiClient,
    readonly url: string,
  ) {
    this.#stack = stack;
  }

  static async create(change: (config: string) => string = (same) => same): Promise<ApiWorld> {
    await using stack = new AsyncDisposableStack();
    const irc = stack.use(await IrcSandbox.start());
    irc.addUser("alice", { channels: [CHANNEL] });
    const port = freePort();
    const config = change(await documentedExample("api.toml"))
      .replace("127.0.0.1:4242", `127.0.0.1:${port}`);
    const log = new LogRecorder();
    stack.use(await RelayInProcess.start({ config: nearby(config, irc), token: "", log }));
    const url = `http://127.0.0.1:${port}`;
    const client = stack.use(new ApiClient({ url, token: TOKEN }));
    await log.waitFor(/in #your-films/);
    return new ApiWorld(stack.move(), irc, client, url);
  }

  /** Texts of the relay in IRC. */
  inIrc(): string[] {
    return this.irc.messages(CHANNEL).filter(({ nick }) => nick === "movie-relay")
      .map(({ text }) => text);
  }

  async waitInIrc(count: number): Promise<string[]> {
    await this.irc.waitFor(() => this.inIrc().length >= count, `${count} lines in IRC`);
    return this.inIrc();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** The example with the IRC server of this test in place of the true one. */
function nearby(config: string, irc: IrcSandbox): string {
  return config.replace("irc.libera.chat:6697", `${irc.host}:${irc.port}`)
    .replace("UseTLS = true", "MessageDelay = 1\nBurst = 1000");
}

Deno.test("a message crosses between the API and IRC both ways, with its account and name", async () => {
  await using world = await ApiWorld.create();
  world.client.read();
  await world.client.changes.until(() => world.client.greetings.length > 0, "the greeting");
  world.irc.say("alice", CHANNEL, "hello, bots");
  await world.client.waitForTexts(1);
  const [frame] = world.client.frames;
  assert.deepEqual(
    [frame?.text, frame?.username, frame?.["account"], frame?.["protocol"], frame?.gateway],
    ["hello, bots", "alice", "irc.libera", "irc", "movienight"],
  );
  const posted = await world.client.post({ text: "hello, people", username: "bot" });
  assert.equal(posted.status, 200);
  assert.deepEqual(await world.waitInIrc(1), ["[api] <bot> hello, people"]);
});

Deno.test("a post that is repeated under its key is relayed once, edits and deletions follow", async () => {
  await using world = await ApiWorld.create();
  const key = { "idempotency-key": "once" };
  const message = { text: "helo", username: "bot", gateway: "movienight" };
  const first = await world.client.post(message, key);
  const again = await world.client.post(message, key);
  assert.equal(first.body["id"], again.body["id"]);
  const { id } = first.body;
  await world.client.post({ ...message, text: "hello", event: "msg_update", id });
  await world.client.post({ ...message, text: "", event: "msg_delete", id });
  assert.deepEqual(await world.waitInIrc(3), [
    "[api] <bot> helo",
    "[api] <bot> hello",
    "[api] <bot> deleted a message",
  ]);
});

Deno.test("what IRC says while no client reads waits for the next one, in order", async () => {
  await using world = await ApiWorld.create();
  const texts = Array.from({ length: 30 }, (_, index) => `number ${index}`);
  for (const text of texts) world.irc.say("alice", CHANNEL, text);
  world.client.read();
  assert.deepEqual(await world.client.waitForTexts(30), texts);
});

Deno.test("joins and topics are events of their own where the account wants them", async () => {
  const wanted = "ShowJoinPart = true\nShowTopicChange = true\n";
  await using world = await ApiWorld.create((config) =>
    config.replace("[api.bots]\n", `[api.bots]\n${wanted}`)
  );
  world.client.read();
  world.irc.addUser("carol", { channels: [CHANNEL] });
  await world.client.waitForTexts(1);
  assert.deepEqual(
    world.client.frames.map(({ event, username, text }) => [event, username, text]),
    [["join_leave", "system", "carol joins"]],
  );
});

needs("curl")("the documented curl commands post, list and stream", async () => {
  await using world = await ApiWorld.create();
  const [post = "", list = "", stream = ""] = (await documentedExample("curl"))
    .replaceAll("http://127.0.0.1:4242", world.url).split(/\n(?=curl)/);
  const env = { API_TOKEN: TOKEN, PATH: Deno.env.get("PATH") ?? "" };
  const sh = (command: string) => new Deno.Command("sh", { args: ["-c", command], env });
  const run = async (command: string) => {
    const { stdout } = await sh(command.replaceAll("curl ", "curl -s ")).output();
    return new TextDecoder().decode(stdout);
  };
  assert.equal(JSON.parse(await run(post)).username, "curl");
  assert.deepEqual(await world.waitInIrc(1), ["[api] <curl> hello from curl"]);
  world.irc.say("alice", CHANNEL, "for the list");
  assert.equal(JSON.parse(await run(list)).at(0)?.text ?? "for the list", "for the list");
  const streaming = new Deno.Command("sh", {
    args: ["-c", `exec ${stream.trim().replace("curl ", "curl -s ")}`],
    env,
    stdout: "piped",
  }).spawn();
  const reader = streaming.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await reader.read();
  assert.equal(JSON.parse(value.split("\n")[0] ?? "").event, "api_connected");
  streaming.kill();
  await reader.cancel();
  await streaming.status;
});

Deno.test("the documented bot answers as a reply, each time", async () => {
  await using dir = await tempDir("api-bot-");
  await using world = await ApiWorld.create();
  const bot = (await documentedExample("bot.ts")).replace("http://127.0.0.1:4242", world.url);
  assert.ok(bot.trim().split("\n").length <= 20, "20 lines, as it says");
  await Deno.writeTextFile(`${dir.path}/bot.ts`, bot);
  await using _running = program(`${dir.path}/bot.ts`);
  for (const round of [1, 2]) {
    world.irc.say("alice", CHANNEL, "!time");
    const lines = await world.waitInIrc(round);
    assert.match(lines.at(-1) ?? "", /^\[api\] <clock> \(re alice: !time\) It is \d{4}-.*Z$/);
  }
});

function program(path: string): AsyncDisposable {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--allow-net", "--allow-env", path],
    env: { API_TOKEN: TOKEN },
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

needs("chromium")("the documented page shows what is said, and says something", async () => {
  const page = (await documentedExample("chat.html")).replace(
    'sessionStorage.token ??= prompt("Token")',
    JSON.stringify(TOKEN),
  );
  let html = "";
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(html, { headers: { "content-type": "text/html" } }),
  );
  const origin = `http://localhost:${server.addr.port}`;
  await using world = await ApiWorld.create((config) =>
    config.replace("http://localhost:8000", origin)
  );
  html = page.replace("http://127.0.0.1:4242", world.url);
  await using browser = await StatusBrowser.open();
  world.irc.say("alice", CHANNEL, "<b>hello</b>, page");
  await browser.page.goto(origin);
  await browser.waitForText("#chat", "alice: <b>hello</b>, page");
  await browser.page.type("#say input", "hello, IRC\n");
  assert.deepEqual(await world.waitInIrc(1), ["[api] <guest> hello, IRC"]);
  await browser.waitForText("#chat", "guest: hello, IRC");
});

Deno.test("Discord, Kosmi and IRC are one conversation by the documented configuration", async () => {
  await using stack = new AsyncDisposableStack();
  const irc = stack.use(await IrcSandbox.start());
  irc.addUser("alice", { channels: [CHANNEL] });
  const kosmi = await startKosmi();
  stack.defer(() => kosmi.stop());
  const there = stack.use(await Matterbridge.start({ token: TOKEN }));
  const config = nearby(await documentedExample("relay.toml"), irc)
    .replace("https://app.kosmi.io/room/@movienight", kosmi.roomUrl(ROOM))
    .replace(
      "[kosmi.movienight]\n",
      `[kosmi.movienight]\nAppURL="${kosmi.appUrl}"\nHTTPEndpoint="${kosmi.httpEndpoint}"\n` +
        `WSEndpoint="${kosmi.wsEndpoint}"\nImageEndpoint="${kosmi.imageEndpoint}"\n`,
    )
    .replace("http://matterbridge:4242", there.url);
  const log = new LogRecorder();
  stack.use(await RelayInProcess.start({ config, token: kosmi.issueToken(), log }));
  await log.waitFor(/in main/);
  await log.waitFor(/in #your-films/);
  await log.waitFor(/in api/);
  there.say("movienight", "dora", "from Discord");
  await irc.waitForMessage(CHANNEL, /^<dora> from Discord$/);
  await kosmi.waitForMessage(ROOM, ({ text }) => text === "<dora> from Discord", 20_000);
  irc.say("alice", CHANNEL, "from IRC");
  kosmi.say(ROOM, { name: "Zoë" }, "from Kosmi");
  await there.changes.until(() => there.posts.length >= 2, "both at Matterbridge");
  const posts = there.posts.map(({ message }) => [message.username, message.text, message.gateway]);
  assert.deepEqual(posts.toSorted(), [
    ["Zoë", "from Kosmi", "movienight"],
    ["alice", "from IRC", "movienight"],
  ]);
});

Deno.test("both documented configurations agree, and the compose file has both programs", async () => {
  const value = (text: string, key: string, section: string) =>
    new RegExp(`\\[${section}\\][^[]*?\\b${key} = "([^"]*)"`).exec(text)?.[1];
  const relay = await documentedExample("relay.toml");
  const matterbridge = await documentedExample("matterbridge.toml");
  const compose = await documentedExample("compose.yaml");
  const token = value(relay, "Token", "matterbridge\\.there");
  assert.equal(token, value(matterbridge, "Token", "api\\.relay"));
  assert.ok(matterbridge.includes(`name = "${value(relay, "Gateway", "matterbridge\\.there")}"`));
  const host = new URL(value(relay, "URL", "matterbridge\\.there") ?? "").hostname;
  assert.match(compose, new RegExp(`^  ${host}:$`, "m"));
  assert.match(compose, /\.\/relay\.toml:\/app\/matterbridge\.toml/);
});
