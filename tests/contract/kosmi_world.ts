import { systemClock } from "../../src/base/clock.ts";
import { KosmiBridge } from "../../src/bridges/kosmi/bridge.ts";
import { KOSMI_PROTOCOL } from "../../src/bridges/kosmi/protocol/operations.ts";
import type { AccountId } from "../../src/relay/port/ids.ts";
import { type KosmiSandbox, startKosmi, type VariantChange } from "../sandbox/kosmi/mod.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import type { MakeWorld, World, WorldOptions } from "./world.ts";

const EARLIER_MS = 10 * 60_000;
const SELF = "Relay Bot";

export function kosmiWorld(variants: VariantChange): MakeWorld {
  return async (options) => {
    const kosmi = await startKosmi({ variants });
    const proxy = await FaultProxy.start({ target: { port: kosmi.port } });
    const log = new LogRecorder();
    const token = kosmi.issueToken();
    const bridge = makeBridge(options, { kosmi, port: proxy.port, log, token });
    return {
      ...{ bridge, log, proxy, secrets: [token] },
      ...FIXED,
      ...doings(kosmi),
      ...state(kosmi),
      [Symbol.asyncDispose]: async () => {
        await proxy.close();
        await kosmi.stop();
      },
    };
  };
}

function makeBridge(
  options: WorldOptions,
  at: { kosmi: KosmiSandbox; port: number; log: LogRecorder; token: string },
): KosmiBridge {
  const socket = new URL(at.kosmi.wsEndpoint);
  socket.port = String(at.port);
  return new KosmiBridge({
    account: "kosmi.contract" as AccountId,
    endpoints: {
      appUrl: at.kosmi.appUrl,
      httpEndpoint: at.kosmi.httpEndpoint,
      wsEndpoint: socket.href,
      imageEndpoint: at.kosmi.imageEndpoint,
    },
    room: at.kosmi.roomUrl("@movienight"),
    credentials: {
      get: () => Promise.resolve({ token: at.token, expectsLogin: true }),
      refused: () => {},
    },
    protocol: KOSMI_PROTOCOL,
    messageDelayMs: options.messageDelayMs ?? 0,
    burst: options.burst ?? 10,
    history: { maxMessages: 500 },
    markup: "plain",
    clock: options.clock ?? systemClock,
    random: () => 0.5,
    log: at.log,
  });
}

const FIXED = {
  channels: ["@movienight", "956fp3"],
  closedChannel: "@nowhere",
  spellings: [
    "@movienight",
    "main",
    "",
    " Main ",
    "https://app.kosmi.io/room/@movienight",
    "https://app.kosmi.io/room/%40movienight?x=1#y",
  ],
  noChannels: ["https://app.kosmi.io/", "two words", "a\r\nb", "#/"],
  history: true,
  ids: true,
  act: null,
  read: (part) => part.wire,
} as const satisfies Partial<World>;

function doings(kosmi: KosmiSandbox) {
  return {
    say: (room, name, text) => void kosmi.say(room, { name }, text),
    saidEarlier: (room, name, text) =>
      void kosmi.say(room, { name }, text, { timestamp: Date.now() - EARLIER_MS }),
    join: (room, name) => kosmi.join(room, { name }),
    leave: (room, name) => kosmi.leave(room, { name }),
    edit: (room, text, newText) => {
      const message = kosmi.messages(room).findLast((each) => each.text === text);
      if (message === undefined) throw new Error(`Cannot edit "${text}": nobody said it`);
      kosmi.edit(room, message.id, newText);
    },
    throwOut: (room) => kosmi.expel(room),
    refuseLogin: () => kosmi.setVariant({ init: "refuse" }),
    throttle: () => kosmi.setVariant({ upgrade: { status: 429 } }),
    holdLogin: () => kosmi.setVariant({ init: "silence" }),
    refuseMessages: (refuse) =>
      kosmi.setVariant({
        maxLength: refuse ? { characters: 1, message: "body is too long", how: "error" } : null,
      }),
    restart: async () => {
      await kosmi.stop();
      await kosmi.start();
    },
  } satisfies Partial<World>;
}

function state(kosmi: KosmiSandbox) {
  const asked = (field: string, room?: string) =>
    kosmi.log().filter((entry) =>
      entry.kind === "operation" && entry.fields.includes(field) &&
      (room === undefined || Object.values(entry.variables).includes(room))
    ).length;
  return {
    shown: (room) =>
      kosmi.messages(room).map(({ id, text, author }) => ({ own: author.name === SELF, text, id })),
    until: (probe, what) => kosmi.waitUntil(probe, 10_000, what),
    entries: (room) => asked("joinRoom", room),
    isInside: (room) => kosmi.connections().some(({ joined }) => joined.includes(room)),
    goodbyes: () => asked("roomDisconnect"),
    isLoginHeld: () => kosmi.counters.inits > 0,
  } satisfies Partial<World>;
}
