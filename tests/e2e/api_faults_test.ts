import assert from "node:assert/strict";
import { IrcSandbox } from "../sandbox/irc/irc_sandbox.ts";
import { Matterbridge } from "../sandbox/matterbridge/server.ts";
import { ApiClient } from "../support/api_client.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { freePort } from "../support/ports.ts";
import { type RelayProcess, startRelay } from "../support/relay_process.ts";
import { until } from "../support/wait.ts";
import { SeededRandom } from "./faults/random.ts";

const CHANNEL = "#films";
const ROUNDS = 5;
/** A link that was cut again and again is asked ever less often. */
const WAIT_MS = 90_000;

/** A relay as a process between IRC, a client of its API and a Matterbridge, with a proxy before each of the last two. */
interface World {
  readonly irc: IrcSandbox;
  readonly there: Matterbridge;
  readonly client: ApiClient;
  readonly relay: RelayProcess;
  readonly toApi: FaultProxy;
  readonly toThere: FaultProxy;
}

async function play(seed: number): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const world = await worldOf(stack);
  const random = new SeededRandom(seed);
  const said = { irc: 0, api: 0, there: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    fault(world, random);
    for (let burst = random.int(1, 8); burst > 0; burst--) await say(world, random, said);
    await new Promise((resolve) => setTimeout(resolve, random.int(0, 400)));
    await mend(world);
  }
  await judge(world, said, `seed ${seed}`);
}

async function worldOf(stack: AsyncDisposableStack): Promise<World> {
  const irc = stack.use(await IrcSandbox.start({ chatHistory: true }));
  irc.addUser("alice", { channels: [CHANNEL] });
  const there = stack.use(await Matterbridge.start({ variant: { forgetsBuffer: false } }));
  const port = freePort();
  const toApi = stack.use(await FaultProxy.start({ target: { port } }));
  const toThere = stack.use(await FaultProxy.start({ target: { port: there.port } }));
  const relay = stack.use(await startRelay({ config: configOf(irc, port, toThere.port) }));
  await relay.waitForLog(/msg="in #films"/, { timeoutMs: WAIT_MS });
  await relay.waitForLog(/msg="in api".*account=matterbridge.there/, { timeoutMs: WAIT_MS });
  const client = stack.use(new ApiClient({ url: `http://127.0.0.1:${toApi.port}` }));
  client.read();
  return { irc, there, client, relay, toApi, toThere };
}

function configOf(irc: IrcSandbox, apiPort: number, therePort: number): string {
  const endpoints = [["irc.test", CHANNEL], ["api.bots", "api"], ["matterbridge.there", "api"]];
  return `
[irc.test]
Server="${irc.host}:${irc.port}"
Nick="relay"
MessageDelay=1
Burst=1000
RemoteNickFormat="<{NICK}> "
[api.bots]
BindAddress="127.0.0.1:${apiPort}"
[matterbridge.there]
URL="http://127.0.0.1:${therePort}"
Gateway="g"
[[gateway]]
name="g"
enable=true
${
    endpoints.map(([account, channel]) =>
      `[[gateway.inout]]\naccount="${account}"\nchannel="${channel}"\n`
    ).join("")
  }`;
}

function fault({ relay, toApi, toThere }: World, random: SeededRandom): void {
  const proxy = random.chance(0.5) ? toApi : toThere;
  switch (random.int(0, 4)) {
    case 0:
      return relay.signal("SIGKILL");
    case 1:
      return proxy.cut(random.chance(0.5) ? "rst" : "fin");
    case 2:
      return proxy.stall(random.pick(["both", "toServer", "toClient"]));
    case 3:
      void proxy.refuse();
      return proxy.cut();
    default:
      return;
  }
}

async function mend({ relay, toApi, toThere }: World): Promise<void> {
  for (const proxy of [toApi, toThere]) {
    await proxy.accept();
    proxy.resume();
  }
  // A signal takes a moment to end it.
  await new Promise((resolve) => setTimeout(resolve, 50));
  if (!relay.running) relay.start();
}

type Counts = Record<"irc" | "api" | "there", number>;

async function say(world: World, random: SeededRandom, said: Counts): Promise<void> {
  const who = random.pick(["irc", "api", "there"]);
  const text = `${who} ${said[who]++}`;
  if (who === "irc") world.irc.say("alice", CHANNEL, text);
  else if (who === "there") world.there.say("g", "dora", text);
  else await post(world, text);
}

/** A client that wants to be sure repeats a post under its key until it is answered: the fault is taken back for it. */
async function post(world: World, text: string): Promise<void> {
  const message = { text, username: "bot", gateway: "g" };
  while (true) {
    const attempt = world.client.post(message, { "idempotency-key": text }).catch(() => null);
    const late = new Promise<null>((resolve) => setTimeout(() => resolve(null), 300));
    const answer = await Promise.race([attempt, late]);
    if (answer?.status === 200) return;
    await mend(world);
  }
}

async function judge(world: World, said: Counts, seed: string): Promise<void> {
  const { irc, there, client } = world;
  const inIrc = () =>
    irc.messages(CHANNEL).filter(({ nick }) => nick.startsWith("relay"))
      .map(({ text }) => text.replace(/^<\w+> (?:\[[\d:]+\] )?/, ""));
  const atApi = () => client.frames.map(({ text }) => text.replace(/^\[[\d:]+\] /, ""));
  const atThere = () => there.posts.map(({ message }) => message.text.replace(/^\[[\d:]+\] /, ""));
  const places = [
    { name: "IRC", shown: inIrc, from: ["api", "there"], mayRepeat: false },
    { name: "the API", shown: atApi, from: ["irc", "there"], mayRepeat: true },
    { name: "Matterbridge", shown: atThere, from: ["irc", "api"], mayRepeat: true },
  ] as const;
  for (const { name, shown, from, mayRepeat } of places) {
    for (const who of from) {
      const expected = Array.from({ length: said[who] }, (_, index) => `${who} ${index}`);
      const there = () => shown().filter((text) => text.startsWith(`${who} `));
      const isComplete = () => expected.every((text) => there().includes(text));
      await until(isComplete, `${seed}: all of ${who} at ${name}`, WAIT_MS, {
        everyMs: 50,
        seen: () => `${expected.filter((text) => !there().includes(text))} missing`,
      });
      // A second copy is allowed where nobody can know whether the first was read; never another order.
      const once = mayRepeat ? [...new Set(there())] : there();
      assert.deepEqual(once, expected, `${seed}: ${who} at ${name}`);
    }
  }
}

for (const seed of Array.from({ length: 6 }, (_, n) => n + 1)) {
  Deno.test(`nothing is lost or out of order between IRC, the API and Matterbridge: seed ${seed}`, async () => {
    await play(seed);
  });
}
