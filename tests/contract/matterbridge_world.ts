import { systemClock } from "../../src/base/clock.ts";
import { MatterbridgeBridge } from "../../src/bridges/matterbridge/bridge.ts";
import type { BridgeHost, LinkEnd } from "../../src/relay/port/bridge.ts";
import type { AccountId } from "../../src/relay/port/ids.ts";
import { Matterbridge } from "../sandbox/matterbridge/server.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { until } from "../support/wait.ts";
import { bound } from "./recording_host.ts";
import type { MakeWorld, World } from "./world.ts";

const TOKEN = "the-token-of-matterbridge";
const EARLIER_MS = 10 * 60_000;

/** Tells whether it is in, which no Matterbridge knows of its clients. */
class WatchedBridge extends MatterbridgeBridge {
  isIn = false;

  override async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    this.isIn = false;
    const linkUp: BridgeHost["linkUp"] = (self) => {
      host.linkUp(self);
      this.isIn = true;
    };
    return await super.runOnce({ ...bound(host), linkUp }, signal);
  }
}

/** A stand-in Matterbridge whose ring holds all; what the true one forgets is tested beside its bridge. */
export function matterbridgeWorld(): MakeWorld {
  return async (options) => {
    const variant = { forgetsBuffer: false };
    const server = await Matterbridge.start({ token: TOKEN, variant });
    const proxy = await FaultProxy.start({ target: { port: server.port } });
    const log = new LogRecorder();
    const bridge = new WatchedBridge({
      account: "matterbridge.contract" as AccountId,
      url: `http://127.0.0.1:${proxy.port}`,
      ...{ token: TOKEN, gateway: "movienight", clock: options.clock ?? systemClock, log },
    });
    return {
      ...{ bridge, log, proxy, secrets: [TOKEN] },
      ...FIXED,
      ...doings(server),
      ...state(server),
      until: async (probe, what) => void await until(probe, what),
      isInside: () => bridge.isIn,
      [Symbol.asyncDispose]: async () => {
        await proxy.close();
        await server.stop();
      },
    };
  };
}

const notHere = () => {
  throw new Error("Cannot do that: Matterbridge's gateways are always open");
};

const FIXED = {
  channels: ["movienight", "other place"],
  closedChannel: "unused",
  spellings: ["movienight", "api", "Main", ""],
  noChannels: ["a\r\nb"],
  history: true,
  ownHistory: false,
  ids: true,
  receiptIds: false,
  act: null,
  edit: null,
  read: ({ wire }) => {
    const { username, text } = JSON.parse(wire);
    return username + text;
  },
  entries: notHere,
  throwOut: notHere,
} as const satisfies Partial<World>;

function doings(server: Matterbridge) {
  const presence = (gateway: string, text: string) =>
    void server.say(gateway, "system", text, { event: "join_leave" });
  return {
    say: (gateway, nick, text) => void server.say(gateway, nick, text),
    saidEarlier: (gateway, nick, text) =>
      void server.say(gateway, nick, text, {
        timestamp: new Date(Date.now() - EARLIER_MS).toISOString(),
      }),
    join: (gateway, nick) => presence(gateway, `${nick} joins`),
    leave: (gateway, nick) => presence(gateway, `${nick} parts`),
    act: (gateway, nick, text) => void server.say(gateway, nick, text, { event: "user_action" }),
    refuseLogin: () => change(server, { handshake: 401 }),
    throttle: () => change(server, { handshake: 429 }),
    holdLogin: () => change(server, { silent: true }),
    refuseMessages: (refuse) => change(server, { posts: refuse ? 413 : null }),
    restart: async () => {
      await server.stop();
      await server.start();
    },
  } satisfies Partial<World>;
}

function change(server: Matterbridge, variant: Partial<Matterbridge["variant"]>): void {
  server.variant = { ...server.variant, ...variant };
}

function state(server: Matterbridge) {
  return {
    shown: (gateway) => [
      ...server.posts.filter(({ message }) => message.gateway === gateway)
        .map(({ body }) => ({ own: true, text: body, id: null })),
      ...server.said.filter((one) => one.gateway === gateway)
        .map(({ text }) => ({ own: false, text, id: null })),
    ],
    goodbyes: () => server.goodbyes,
    isLoginHeld: () => server.handshakes > 0,
  } satisfies Partial<World>;
}
