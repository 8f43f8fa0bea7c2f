import assert from "node:assert/strict";
import { startIrcServer } from "../sandbox/irc/irc_sandbox.ts";
import { startKosmi } from "../sandbox/kosmi/mod.ts";
import { IrcClient } from "../support/irc_client.ts";
import { readMetrics } from "../support/read_metrics.ts";
import { startRelay } from "../support/relay_process.ts";
import { until } from "../support/wait.ts";
import { CHANNEL, ROOM } from "./support/world.ts";

const EACH_WAY = 5_000;
/** So many more are said while the earlier ones are on their way. */
const AHEAD = 400;
const IRC = { account: "irc.test", channel: CHANNEL };
const KOSMI = { account: "kosmi.test", channel: "main" };

Deno.test("/metrics counts 10,000 messages exactly as the services saw them, scraped all the while", async () => {
  await using kosmi = await startKosmi({ keepMessages: 20_000, keepLog: 100 });
  await using irc = await startIrcServer({ historyLines: 100 });
  await using alice = await IrcClient.connect({ host: irc.host, port: irc.port, nick: "alice" });
  await alice.join(CHANNEL);
  await using relay = await startRelay({
    config: `
[general]
StatusListen="127.0.0.1:0"
MessageDelay=1
[irc.test]
Server="${irc.host}:${irc.port}"
Nick="relay"
[kosmi.test]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
[[gateway]]
name="films"
enable=true
inout=[{account="irc.test", channel="${CHANNEL}"}, {account="kosmi.test", channel="main"}]
`,
  });
  const [, url = ""] = await relay.waitForLog(/status page on (http:\S+\/)/);
  await until(async () => (await answered(`${url}readyz`)).ok, "the relay to be ready", 30_000);
  const scraping = scrapeAllTheWhile(`${url}metrics`);

  const inIrc = () => alice.messages(CHANNEL).length;
  const inKosmi = () => kosmi.messageCount(ROOM);
  for (let said = 0; said < EACH_WAY;) {
    for (const end = Math.min(EACH_WAY, said + AHEAD); said < end; said++) {
      kosmi.say(ROOM, { name: "Zoë" }, `film ${said}`);
      await alice.say(CHANNEL, `line ${said}`);
    }
    await until(() => inIrc() > said - AHEAD, "the messages to come after", 60_000);
  }
  await until(() => inIrc() === EACH_WAY, "all in IRC", 60_000, { seen: () => `${inIrc()}` });
  const fromAlice = /line \d+/g;
  const linesInKosmi = () =>
    kosmi.messages(ROOM).filter(({ author }) => author.anonymous)
      .flatMap(({ text }) => text.match(fromAlice) ?? []).length;
  await until(() => linesInKosmi() === EACH_WAY, "all in Kosmi", 60_000, { everyMs: 100 });

  const delivered = "kosmi_relay_messages_delivered_total";
  const films = { gateway: "films" };
  const value = await until(async () => {
    const value = readMetrics(await (await answered(`${url}metrics`)).text());
    return value(delivered, { ...films, ...KOSMI }) === EACH_WAY ? value : null;
  }, "the last confirmation to be counted");
  const expected: readonly [string, Record<string, string>, number][] = [
    ["kosmi_relay_messages_received_total", IRC, EACH_WAY],
    ["kosmi_relay_messages_received_total", KOSMI, EACH_WAY],
    ["kosmi_relay_messages_accepted_total", { ...films, ...IRC }, EACH_WAY],
    ["kosmi_relay_messages_accepted_total", { ...films, ...KOSMI }, EACH_WAY],
    [delivered, { ...films, ...IRC }, inIrc()],
    [delivered, { ...films, ...KOSMI }, EACH_WAY],
    // Several messages of one speaker may be packed into one: the parts are what Kosmi shows.
    ["kosmi_relay_parts_shown_total", KOSMI, inKosmi() - EACH_WAY],
    ["kosmi_relay_parts_shown_total", IRC, inIrc()],
    ["kosmi_relay_messages_duplicate_total", KOSMI, 0],
    ["kosmi_relay_messages_ignored_total", IRC, 0],
    ["kosmi_relay_queue_length", KOSMI, 0],
    ["kosmi_relay_queue_length", IRC, 0],
    ["kosmi_relay_delivery_latency_seconds_count", KOSMI, EACH_WAY],
    ["kosmi_relay_delivery_latency_seconds_count", IRC, EACH_WAY],
    ["kosmi_relay_reconnects_total", { account: "irc.test" }, 0],
  ];
  for (const [name, labels, number] of expected) {
    assert.equal(value(name, labels), number, `${name} ${JSON.stringify(labels)}`);
  }
  const scrapes = await scraping.stop();
  const counts = scrapes.map((text) => readMetrics(text)(delivered, { ...films, ...IRC }) ?? NaN);
  assert.ok(scrapes.length >= 5, `${scrapes.length} scrapes`);
  assert.deepEqual(counts, [...counts].sort((a, b) => a - b), "counters only grow");
});

async function answered(url: string): Promise<Response> {
  const response = await fetch(url);
  const body = await response.arrayBuffer();
  return new Response(body, { status: response.status });
}

function scrapeAllTheWhile(url: string): { stop(): Promise<string[]> } {
  let going = true;
  const texts: string[] = [];
  const done = (async () => {
    while (going) {
      texts.push(await (await answered(url)).text());
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  })();
  return {
    async stop() {
      going = false;
      await done;
      return texts;
    },
  };
}
