import { systemClock } from "../../src/base/clock.ts";
import { IrcBridge } from "../../src/bridges/irc/bridge.ts";
import type { AccountId } from "../../src/relay/port/ids.ts";
import {
  type IrcSandbox,
  type IrcServerOptions,
  startIrcServer,
} from "../sandbox/irc/irc_sandbox.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { ircOptions } from "../support/irc_options.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import type { MakeWorld, World, WorldOptions } from "./world.ts";

const NICK = "relay";
const PASSWORD = "a-server-password";
const NEVER_MS = 2 ** 30;

/** What differs between the IRC servers of the suite. */
export interface IrcVariant {
  readonly server: IrcServerOptions;
  readonly history: boolean;
  readonly ids: boolean;
}

export function ircWorld(variant: IrcVariant): MakeWorld {
  return async (options) => {
    const irc = await startIrcServer({ password: PASSWORD, ...variant.server });
    const proxy = await FaultProxy.start({ target: { port: irc.port } });
    irc.addUser("founder", { channels: ["#one", "#two"] });
    irc.faults.refuseJoins.set("#closed", "474");
    const log = new LogRecorder();
    const bridge = makeBridge(options, proxy.port, log);
    const { history, ids } = variant;
    return {
      ...{ bridge, log, proxy, history, ids },
      ...FIXED,
      ...doings(irc),
      ...state(irc),
      [Symbol.asyncDispose]: async () => {
        await proxy.close();
        await irc.close();
      },
    };
  };
}

function makeBridge(options: WorldOptions, port: number, log: LogRecorder): IrcBridge {
  return new IrcBridge(ircOptions({
    account: "irc.contract" as AccountId,
    host: "127.0.0.1",
    port,
    nick: NICK,
    password: PASSWORD,
    clock: options.clock ?? systemClock,
    random: () => 0.5,
    log,
    messageDelayMs: options.messageDelayMs ?? 0,
    burst: options.burst ?? 5,
    // The whole of a long text is asked for, not its first lines.
    maxLines: 1_000_000,
  }));
}

const FIXED = {
  channels: ["#one", "#two"],
  closedChannel: "#closed",
  spellings: ["#one", "#ONE", " #One ", "#oNe"],
  noChannels: ["", "one", "#a b", "#a,#b", "#a\r\nQUIT", "#a\0"],
  secrets: [PASSWORD],
  edit: null,
  // deno-lint-ignore no-control-regex
  read: (part) => part.wire.replace(/^\x01ACTION ([^]*)\x01$/, "$1"),
} as const satisfies Partial<World>;

function doings(irc: IrcSandbox) {
  const inside = (nick: string, channel: string) => {
    if (!irc.nicks.includes(nick)) irc.addUser(nick);
    if (!irc.members(channel).includes(nick)) irc.join(nick, channel);
  };
  const say = (channel: string, nick: string, text: string) => {
    inside(nick, channel);
    irc.say(nick, channel, text);
  };
  return {
    say,
    // Who enters later is shown nothing of it but by the history.
    saidEarlier: say,
    act: (channel, nick, text) => {
      inside(nick, channel);
      irc.action(nick, channel, text);
    },
    join: (channel, nick) => inside(nick, channel),
    leave: (channel, nick) => irc.part(nick, channel, "bye"),
    throwOut: (channel) => irc.kick(channel, NICK),
    refuseLogin: () => irc.faults.refuseRegistration = { numeric: "464", text: "Bad password" },
    throttle: () => irc.faults.refuseConnections = "Closing Link: (Throttled: reconnect too fast)",
    holdLogin: () => irc.faults.registrationDelayMs = NEVER_MS,
    refuseMessages: (refuse) =>
      irc.faults.refuseMessages = refuse
        ? { numeric: "404", text: "Cannot send to channel (+m)" }
        : null,
    restart: () => irc.restart(),
  } satisfies Partial<World>;
}

function state(irc: IrcSandbox) {
  const lines = (pattern: RegExp) => irc.received.filter(({ line }) => pattern.test(line)).length;
  return {
    shown: (channel) =>
      irc.messages(channel).map(({ nick, text, action, msgid }) => ({
        own: nick === NICK,
        text: action ? `\x01ACTION ${text}\x01` : text,
        id: msgid,
      })),
    until: async (probe, what) => void await irc.waitFor(probe, what),
    entries: (channel) =>
      irc.received.filter(({ line }) =>
        line.startsWith("JOIN ") && (line.split(" ")[1] ?? "").split(",").includes(channel)
      ).length,
    isInside: (channel) => irc.members(channel).includes(NICK),
    goodbyes: () => lines(/^QUIT/),
    isLoginHeld: () => lines(/^USER /) > 0,
  } satisfies Partial<World>;
}
