import { type KosmiSandbox, startKosmi } from "../../sandbox/kosmi/mod.ts";
import { type FaultProxy, startFaultProxy } from "../../support/fault_proxy.ts";
import { type RelayProcess, startRelay } from "../../support/relay_process.ts";
import { tempDir } from "../../support/temp_dir.ts";
import { IrcPeople } from "./irc_people.ts";
import { type IrcPlace, startIrcPlace } from "./irc_place.ts";
import { IrcTap } from "./irc_tap.ts";
import type { Plan } from "./plan.ts";
import { faketimeLibrary, ShiftedClock } from "./shifted_clock.ts";
import { mountSmallDisk, type SmallDisk } from "./small_disk.ts";

export const ROOM = "@movienight";
export const CHANNEL = "#films";

/** Everything of one run: both services, a proxy before each, the people, and the relay as a process. */
export interface FaultWorld extends AsyncDisposable {
  readonly kosmi: KosmiSandbox;
  readonly irc: IrcPlace;
  readonly people: IrcPeople;
  readonly proxies: { readonly irc: FaultProxy; readonly kosmi: FaultProxy };
  readonly tap: IrcTap;
  readonly relay: RelayProcess;
  readonly disk: SmallDisk | null;
  readonly clock: ShiftedClock | null;
}

/** Starts it all and waits until the relay is in the room and in the channel. */
export async function createFaultWorld(plan: Plan): Promise<FaultWorld> {
  await using stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir("faults-"));
  const kosmi = stack.use(await startKosmi({ variants: plan.kosmi, keepLog: 50 }));
  // Of a room without a past nobody can tell which way round its first second is shown.
  kosmi.say(ROOM, { name: "zoe" }, "good evening", { timestamp: Date.now() - 86_400_000 });
  const irc = stack.use(await startIrcPlace(plan.server));
  const names = [
    ...new Set(
      plan.utterances.filter((one) => one.side === "irc")
        .map((one) => one.speaker),
    ),
  ];
  const people = stack.use(
    new IrcPeople({ port: irc.port, kind: irc.kind, channel: CHANNEL, names }),
  );
  await people.arrive();
  const tap = new IrcTap();
  const proxies = {
    irc: stack.use(await startFaultProxy({ target: { port: irc.port }, tap: tap.hear })),
    kosmi: stack.use(await startFaultProxy({ target: { port: kosmi.port } })),
  };
  const has = (kind: string) => plan.faults.some(({ fault }) => fault.kind === kind);
  const disk = has("disk full") ? stack.use(await mountSmallDisk()) : null;
  const library = has("clock jumped") ? faketimeLibrary() : null;
  const clock = library === null ? null : await ShiftedClock.create(dir, library);
  const relay = stack.use(
    await startRelay({
      config: configOf(plan, { kosmi, proxies }),
      env: {
        ...(disk === null ? {} : { MATTERBRIDGE_DATA_DIR: `${disk.path}/data` }),
        ...(clock?.env ?? {}),
      },
    }),
  );
  await relay.waitForLog(/msg="in main"/, { timeoutMs: 30_000 });
  await relay.waitForLog(new RegExp(`msg="in ${CHANNEL}"`), { timeoutMs: 30_000 });
  const all = stack.move();
  return {
    ...{ kosmi, irc, people, proxies, tap, relay, disk, clock },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function configOf(plan: Plan, { kosmi, proxies }: Pick<FaultWorld, "kosmi" | "proxies">): string {
  const at = (url: string) => url.replace(`:${kosmi.port}`, `:${proxies.kosmi.port}`);
  const pace = plan.pace === "free" ? "MessageDelay=1" : "";
  const token = plan.login === "token"
    ? `Token="${kosmi.issueToken({ email: "bot@example.org" })}"`
    : "";
  return `
[general]
LogLevel="debug"

[irc.test]
Server="127.0.0.1:${proxies.irc.port}"
Nick="relay"
RemoteNickFormat="[Kosmi] <{NICK}> "
${pace}

[kosmi.test]
RoomURL="${kosmi.roomUrl(ROOM)}"
AppURL="${kosmi.appUrl}"
HTTPEndpoint="${at(kosmi.httpEndpoint)}"
WSEndpoint="${at(kosmi.wsEndpoint)}"
ImageEndpoint="${kosmi.imageEndpoint}"
RemoteNickFormat="[IRC] <{NICK}> "
MessageDelay=0
${token}

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
