import assert from "node:assert/strict";
import { decodeHealth, HEALTH_FILE } from "../../../src/commands/health/health_record.ts";
import { keepHeartbeat } from "../../../src/commands/health/heartbeat.ts";
import type { AccountId, EndpointId } from "../../../src/relay/port/ids.ts";
import type { ChannelState, LinkState } from "../../../src/relay/port/observer.ts";
import { openDataDirectory } from "../../../src/store/files/data_directory.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { LogRecorder } from "../../support/log_recorder.ts";
import { type TempDir, tempDir } from "../../support/temp_dir.ts";
import { until } from "../../support/wait.ts";

const READY: LinkState = { kind: "ready", sinceMs: 0, self: "relay" };
const CONNECTING: LinkState = { kind: "connecting", sinceMs: 0, attempt: 1 };
const UP: ChannelState = { kind: "up", sinceMs: 0 };
const DOWN: ChannelState = { kind: "down", reason: "banned", mend: "wait" };

/** A core with these links and channels; counts how often the channels were gone through. */
class Core {
  readonly links = new Map<AccountId, LinkState>();
  readonly channels = new Map<EndpointId, ChannelState>();
  passes = 0;
  stuck = false;

  link(account: string, state: LinkState): void {
    this.links.set(account as AccountId, state);
  }

  channel(endpoint: string, state: ChannelState): void {
    this.channels.set(endpoint as EndpointId, state);
  }

  get pulse() {
    return {
      links: () => this.links,
      channels: () => {
        this.passes++;
        return this.channels;
      },
      handled: () => this.stuck ? new Promise<void>(() => {}) : Promise.resolve(),
    };
  }
}

class Manager {
  readonly said: string[] = [];
  ready = () => void this.said.push("ready");
  beat = (line: string) => void this.said.push(line);
  stopping = () => void this.said.push("stopping");
  close = () => Promise.resolve();
}

async function beating(core: Core, dir: TempDir, play: (world: World) => Promise<void>) {
  const [clock, manager, log, stop] = [
    new FakeClock(),
    new Manager(),
    new LogRecorder(),
    new AbortController(),
  ];
  await using data = await openDataDirectory({ path: dir.path, log });
  const options = { pulse: core.pulse, data, manager, version: "1.2.3", clock, log };
  const done = keepHeartbeat(options, stop.signal);
  await asleep(clock, 1_000);
  await play({ clock, log, record: () => readRecord(dir) });
  stop.abort();
  await done;
  assert.equal(await Deno.stat(dir.file(HEALTH_FILE)).catch(() => null), null, "no file is left");
  return manager.said;
}

interface World {
  readonly clock: FakeClock;
  readonly log: LogRecorder;
  readonly record: () => Promise<NonNullable<ReturnType<typeof decodeHealth>>>;
}

async function readRecord(dir: TempDir) {
  const record = decodeHealth(await Deno.readFile(dir.file(HEALTH_FILE)));
  assert.ok(record !== null);
  return record;
}

/** Until the heartbeat waits for so long: between two looks, or for the core. */
async function asleep(clock: FakeClock, waitMs: number): Promise<void> {
  await until(() => clock.sleeps.length === 1 && clock.sleeps[0] === waitMs, `${waitMs} ms asleep`);
}

async function second({ clock }: World): Promise<void> {
  await clock.advance(1_000);
  await asleep(clock, 1_000);
}

Deno.test("keepHeartbeat() names the channels that each account is not in", async () => {
  await using dir = await tempDir();
  const core = new Core();
  core.link("irc.a", READY);
  core.link("irc.b", READY);
  core.link("kosmi.c", CONNECTING);
  core.channel("irc.a #films", DOWN);
  core.channel("irc.a #a b", DOWN);
  core.channel("irc.a #up", UP);
  core.channel("irc.b #films", UP);
  const said = await beating(core, dir, async ({ record }) => {
    const { accounts, version } = await record();
    assert.equal(version, "1.2.3");
    assert.deepEqual(accounts.map(({ account, relaying, note }) => [account, relaying, note]), [
      ["irc.a", false, "not in #films, #a b"],
      ["irc.b", true, "relaying"],
      ["kosmi.c", false, "not connected"],
    ]);
  });
  const line = "irc.a: not in #films, #a b; irc.b: relaying; kosmi.c: not connected";
  assert.deepEqual(said, ["ready", line, "stopping"]);
});

Deno.test("keepHeartbeat() goes through the channels once a look, however many accounts there are", async () => {
  await using dir = await tempDir();
  const core = new Core();
  for (let number = 0; number < 50; number++) {
    core.link(`irc.a${number}`, READY);
    core.channel(`irc.a${number} #films`, UP);
  }
  await beating(core, dir, () => Promise.resolve());
  assert.equal(core.passes, 1);
});

Deno.test("keepHeartbeat() keeps the time since when an account stands as it does", async () => {
  await using dir = await tempDir();
  const core = new Core();
  core.link("irc.a", READY);
  await beating(core, dir, async (world) => {
    const since = async () => (await world.record()).accounts[0]?.sinceMs;
    const start = await since();
    await second(world);
    core.link("irc.a", CONNECTING);
    await second(world);
    const lost = await since();
    assert.equal(lost, (start ?? 0) + 2_000, "the outage began at the look that saw it");
    core.link("irc.a", { kind: "waiting", untilMs: 0, reason: "refused", attempt: 1 });
    await second(world);
    assert.equal(await since(), lost, "an attempt in between changes nothing");
  });
});

Deno.test("keepHeartbeat() gives no sign of life for a core that is stuck", async () => {
  await using dir = await tempDir();
  const core = new Core();
  core.link("irc.a", READY);
  const said = await beating(core, dir, async (world) => {
    core.stuck = true;
    await world.clock.advance(1_000);
    await asleep(world.clock, 30_000);
    await world.clock.advance(30_000);
    await world.log.waitFor(/hear from the core/);
  });
  assert.equal(said.filter((line) => line.startsWith("irc.a")).length, 1);
});
