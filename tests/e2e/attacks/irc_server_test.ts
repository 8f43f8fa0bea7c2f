import assert from "node:assert/strict";
import { until } from "../../support/wait.ts";
import { SandboxWorld } from "../support/sandbox_world.ts";
import { type FloodOptions, FloodServer } from "./flood_server.ts";

const HOST = "relay!relay@host.example";
const WELCOME = [
  ":s CAP * LS :batch message-tags echo-message server-time",
  ":s CAP * ACK :batch message-tags echo-message server-time",
  `:s 001 relay :Welcome ${HOST}`,
  ":s 422 relay :No MOTD",
];

/** So many different lines at a time. */
function lines(round: number, make: (id: string) => string, count = 200): string[] {
  return Array.from({ length: count }, (_, at) => make(`${round}x${at}`));
}

const LONG = "l".repeat(300);

/** Those that wait for the login first: that has a limit. */
const FLOODS: Record<string, FloodOptions> = {
  challenges: {
    greeting: [":s CAP * LS :sasl=PLAIN,SCRAM-SHA-256", ":s CAP * ACK :sasl"],
    flood: (round) => lines(round, () => `AUTHENTICATE ${"QUFB".repeat(100)}`),
  },
  capabilities: {
    greeting: [],
    flood: (round) => lines(round, (id) => `:s CAP * LS * :c${id}=${LONG} d${id}`),
  },
  people: {
    greeting: WELCOME,
    flood: (round) => lines(round, (id) => `:n${id}!u${id}@${LONG}.${id} JOIN #hostile`),
  },
  names: {
    greeting: WELCOME,
    flood: (round) => lines(round, (id) => `:s 353 relay = #hostile :${names(id)}`),
  },
  features: {
    greeting: WELCOME,
    flood: (round) => lines(round, (id) => `:s 005 relay F${id}=${LONG} G${id} :are supported`),
  },
  "capabilities later": {
    greeting: WELCOME,
    flood: (round) => lines(round, (id) => `:s CAP * NEW :c${id}=${LONG} d${id}`),
  },
  batches: {
    greeting: WELCOME,
    flood: (round) => [
      `:s BATCH +b${round} chathistory #hostile`,
      ...lines(round, (id) => `@batch=b${round} :a!a@a PRIVMSG #hostile :${id} ${LONG}`),
    ],
  },
  "one batch": {
    greeting: [...WELCOME, ":s BATCH +b chathistory #hostile"],
    flood: (round) => lines(round, (id) => `@batch=b :a!a@a PRIVMSG #hostile :${id} ${LONG}`),
  },
  "splits and nicks": {
    greeting: WELCOME,
    flood: (round) =>
      lines(round, (id) => `:n${id}!u@h JOIN #hostile\r\n:n${id}!u@h QUIT :a.example b.example`),
  },
  "questions that it reads no answer to": {
    greeting: WELCOME,
    flood: (round) => lines(round, (id) => `PING :${id}${LONG}`),
    reads: false,
  },
  "a line without an end": {
    greeting: WELCOME,
    flood: () => [LONG.repeat(300).replaceAll("\r\n", "")],
  },
};

function names(id: string): string {
  return Array.from({ length: 10 }, (_, at) => `n${id}y${at}`).join(" ");
}

/** Those who make the relay gather something have to go, and the reason tells why. */
const GATHERING: Readonly<Record<string, string>> = {
  people: "people",
  names: "people",
  features: "features",
  capabilities: "capabilities",
  "capabilities later": "capabilities",
  "one batch": "batches",
};
const FLOOD_MS = 2_000;

for (const [name, options] of Object.entries(FLOODS)) {
  Deno.test(`attack: an IRC server floods with ${name}: memory and other gateways stay well`, async () => {
    await using server = new FloodServer(options);
    await using world = await SandboxWorld.create({ irc: hostileAccount(server, name) });
    const { relay } = world;
    if (options.greeting === WELCOME) await relay.waitForLog(/msg="in #hostile"/);
    const idle = (await relay.memory()).residentBytes;
    const usualMs = await crossingMs(world);
    const kind = GATHERING[name];
    // It ends when the relay has had enough, however slow the machine is.
    const flood = server.flood(kind === undefined ? FLOOD_MS : 30_000);
    const attackedMs = await crossingMs(world);
    await flood;
    const resident = async () => (await relay.memory()).residentBytes;
    // What the attack has left behind for the collector goes at its next look, after 5 s.
    await until(async () => await resident() <= idle * 2, "memory to be given back", 30_000);
    const peak = (await relay.memory()).peakBytes;
    assert.ok(peak <= idle * 4, `${Math.round(peak / 1e6)} MB of ${Math.round(idle / 1e6)} idle`);
    assert.ok(attackedMs <= usualMs * 2 + 3_000, `${attackedMs} ms, usually ${usualMs} ms`);
    if (kind === undefined) return;
    assert.ok(server.wasLeft, "it went on");
    await relay.waitForLog(new RegExp(`more than this connection may hold \\(too many ${kind}\\)`));
  });
}

/** How long a message takes through the gateway that nobody attacks: the middle one of five. */
async function crossingMs(world: SandboxWorld): Promise<number> {
  const took: number[] = [];
  for (let count = 0; count < 5; count++) {
    const startedMs = performance.now();
    await world.inKosmi();
    took.push(performance.now() - startedMs);
  }
  return took.sort((a, b) => a - b)[2] ?? Infinity;
}

function hostileAccount(server: FloodServer, name: string): string {
  return `
[irc.hostile]
Server="127.0.0.1:${server.port}"
Nick="relay"
${name === "challenges" ? 'UseSASL=true\nSASLPassword="s3cr3t"' : ""}
[[gateway]]
name="hostile"
enable=true
[[gateway.inout]]
account="irc.hostile"
channel="#hostile"
[[gateway.inout]]
account="irc.test"
channel="#other"
`;
}
