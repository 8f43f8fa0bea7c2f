/** 500 lines at once from Kosmi into IRC, with the relay's and the servers' default limits. */
import { startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import { IrcClient } from "../tests/support/irc_client.ts";
import { startInspircd, startNgircd } from "../tests/support/irc_servers.ts";
import { until } from "../tests/support/wait.ts";
import { type Bench, runBench } from "./support/bench.ts";
import { Arrivals } from "./support/numbered.ts";
import { gateway, ircAccount, kosmiAccount, ROOM, startRelayIn } from "./support/relay_config.ts";

const CHANNEL = "#films";
const LINES = 500;

const TEXTS: Readonly<Record<string, (number: number) => string>> = {
  "short lines": (number) => `#${number}# yes`,
  "usual lines": (number) => `#${number}# a line of chat as people write it, of a usual length`,
};

async function burst(
  bench: Bench,
  kind: "ngircd" | "inspircd",
  name: string,
  text: (number: number) => string,
): Promise<void> {
  bench.heading(`${kind}: ${LINES} ${name}`);
  await using kosmi = await startKosmi();
  await using irc = kind === "ngircd" ? await startNgircd() : await startInspircd();
  const { host, port } = irc;
  await using watcher = await IrcClient.connect({ host, port, nick: "watcher" });
  await watcher.join(CHANNEL);
  const config = kosmiAccount("test", kosmi, "") + ircAccount("test", irc, "") +
    gateway("films", `irc.test ${CHANNEL}`, "kosmi.test main");
  await using _relay = await startRelayIn(bench, config, ["main", CHANNEL]);
  const startMs = performance.now();
  for (let number = 0; number < LINES; number++) {
    kosmi.say(ROOM, { name: "Ada" }, text(number));
  }
  const texts = () => watcher.messages(CHANNEL).map((message) => message.text);
  const all = () => new Set(texts().join(" ").match(/#\d+#/g)).size === LINES;
  await until(all, "all lines", 900_000, { everyMs: 50 }).catch(() => {});
  const tookS = (performance.now() - startMs) / 1_000;
  report(bench, tookS, texts());
  const gone = watcher.lines.filter((line) => line.command === "QUIT" && line.nick === "relay");
  bench.expectNone("flood kills", gone.length);
}

function report(bench: Bench, tookS: number, texts: readonly string[]): void {
  const arrivals = new Arrivals(LINES);
  for (const text of texts) arrivals.take(text, 0);
  bench.figure("until the last was there", tookS, "s");
  bench.figure("lines that the server carried", texts.length, "lines");
  // A line each 1.3 s and five at once is what the default MessageDelay and burst allow.
  bench.figure(
    "floor by the pace of 5 at once, then one each 1.3 s",
    (texts.length - 5) * 1.3,
    "s",
  );
  bench.figure("unpacked it would take", (LINES - 5) * 1.3, "s");
  bench.expectNone("lost", arrivals.lost);
  bench.expectNone("doubled", arrivals.doubled);
  bench.expectNone("out of order", arrivals.outOfOrder);
}

await runBench("burst", async (bench) => {
  for (const kind of ["ngircd", "inspircd"] as const) {
    for (const [name, text] of Object.entries(TEXTS)) await burst(bench, kind, name, text);
  }
});
