// Start to connected: with a cached token against with a login through the browser. Same machine, same stand-in Kosmi.
//   deno run -A bench/token_start.ts [ROUNDS]
import { startKosmi } from "../tests/sandbox/kosmi/mod.ts";
import { startRelay } from "../tests/support/relay_process.ts";

const ROUNDS = Number(Deno.args[0] ?? 10);
const CONNECTED = /msg="connected as [^"]*"/;
const IN_ROOM = /msg="in main"/;

interface Start {
  readonly connectedMs: number;
  readonly inRoomMs: number;
}

await using kosmi = await startKosmi();
await using relay = await startRelay({
  config: `
[kosmi.bench]
RoomURL="${kosmi.appUrl}/room/@movienight"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${kosmi.httpEndpoint}"
WSEndpoint="${kosmi.wsEndpoint}"
ImageEndpoint="${kosmi.imageEndpoint}"
Email="bot@example.org"
Password="s3cr3t horse"
[[gateway]]
name="bench"
enable=true
[[gateway.inout]]
account="kosmi.bench"
channel="main"
[[gateway.inout]]
account="kosmi.bench"
channel="${kosmi.appUrl}/room/956fp3"
`,
  env: { MATTERBRIDGE_DATA_DIR: "data" },
});
// The first start compiles the program and reads the browser from the disk: it counts for neither.
await relay.waitForLog(IN_ROOM, { timeoutMs: 60_000 });
await relay.stop();

const login: Start[] = [];
const cached: Start[] = [];
for (let round = 0; round < ROUNDS; round++) {
  await Deno.remove(`${relay.dir}/data/kosmi_token_cache.json`);
  login.push(await timedStart());
  cached.push(await timedStart());
}
if (kosmi.counters.logins !== ROUNDS + 1) throw new Error("a cached start logged in");

print("browser login", login);
print("cached token", cached);
const ratio = median(login.map(({ connectedMs }) => connectedMs)) /
  median(cached.map(({ connectedMs }) => connectedMs));
line(`ratio of the medians (start to connected): ${ratio.toFixed(1)}`);

/** One start, timed from before the process exists. */
async function timedStart(): Promise<Start> {
  const since = relay.mark();
  const startedMs = performance.now();
  relay.start();
  await relay.waitForLog(CONNECTED, { since, timeoutMs: 60_000 });
  const connectedMs = performance.now() - startedMs;
  await relay.waitForLog(IN_ROOM, { since, timeoutMs: 60_000 });
  const inRoomMs = performance.now() - startedMs;
  await relay.stop();
  return { connectedMs, inRoomMs };
}

function print(name: string, starts: readonly Start[]): void {
  const connected = starts.map((start) => start.connectedMs);
  const inRoom = starts.map((start) => start.inRoomMs);
  line(
    `${name.padEnd(14)} connected: median ${ms(median(connected))}, worst ${
      ms(Math.max(...connected))
    }; ` +
      `in the room: median ${ms(median(inRoom))} (${starts.length} starts)`,
  );
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}

function line(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}
