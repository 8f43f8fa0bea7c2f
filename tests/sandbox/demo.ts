import { startIrcServer } from "./irc/irc_sandbox.ts";
import { type KosmiSandbox, startKosmi } from "./kosmi/mod.ts";
import { say } from "./demo/print.ts";
import { demoConfig, RelayChild } from "./demo/relay_child.ts";
import { CHANNEL, type Line, ROOM, SCRIPT, shownLine, type Stage } from "./demo/script.ts";

/**
 * `deno task demo`: a stand-in Kosmi, a small IRC server and the relay between them. Plays a short conversation and
 * stays up, so that a person can type in the room's page and in any IRC client. `--once` checks that every line
 * arrived on the other side and ends with exit status 0 or 1.
 */
async function demo(once: boolean): Promise<number> {
  await using kosmi = await startKosmi({ rooms: [{ id: ROOM, name: "Movie Night" }] });
  await using irc = await startIrcServer({ motd: ["A small IRC server for the demo."] });
  const folder = await Deno.makeTempDir({ prefix: "kosmi-relay-demo-" });
  const relay = new RelayChild(folder, demoConfig(kosmi, irc.port));
  try {
    await relay.start();
    const stage: Stage = { kosmi, irc };
    await bothEntered(stage);
    irc.addUser("alice", { channels: [CHANNEL] });
    announce(kosmi, irc.port);
    const missing = await play(stage);
    if (once) return verdict(missing);
    say("");
    say("The relay goes on: type in the page or in an IRC client. Ctrl+C ends the demo.");
    await untilSignal();
    return missing.length === 0 ? 0 : 1;
  } catch (error) {
    say(`The demo failed: ${error instanceof Error ? error.message : String(error)}`);
    say(relay.log());
    return 1;
  } finally {
    await relay.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

async function bothEntered({ kosmi, irc }: Stage): Promise<void> {
  await kosmi.waitUntil(() => kosmi.members(ROOM).length > 0, 30_000, "the relay in the room");
  await irc.waitFor(() => irc.members(CHANNEL).length > 0, "the relay in the channel", 30_000);
}

function announce(kosmi: KosmiSandbox, ircPort: number): void {
  say("A Kosmi room and an IRC channel, one chat:");
  say("");
  say(`  the room      ${kosmi.roomUrl(ROOM)}   (open it in a browser)`);
  say(`  the channel   ${CHANNEL} on 127.0.0.1 port ${ircPort}   (any IRC client, no TLS)`);
  say("");
}

/** Plays the script line by line; answers the lines that did not arrive within 5 s. */
async function play(stage: Stage): Promise<Line[]> {
  const missing: Line[] = [];
  for (const line of SCRIPT) {
    line.speak(stage);
    const arrived = await line.arrives(stage).then(() => true, () => false);
    if (!arrived) missing.push(line);
    say(shownLine(line, arrived));
  }
  return missing;
}

function verdict(missing: readonly Line[]): number {
  say("");
  say(
    missing.length === 0
      ? `All ${SCRIPT.length} lines arrived on the other side.`
      : `${missing.length} of ${SCRIPT.length} lines did not arrive.`,
  );
  return missing.length === 0 ? 0 : 1;
}

function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    Deno.addSignalListener("SIGINT", () => resolve());
    if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => resolve());
  });
}

if (import.meta.main) Deno.exit(await demo(Deno.args.includes("--once")));
