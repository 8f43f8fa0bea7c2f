import { createHash } from "node:crypto";
import { systemClock } from "../../src/base/clock.ts";
import { ApiBridge, type ApiBridgeOptions } from "../../src/bridges/api/bridge.ts";
import type { BridgeHost, LinkEnd, Receipt } from "../../src/relay/port/bridge.ts";
import type { AccountId } from "../../src/relay/port/ids.ts";
import { ApiClient, type ApiFrame } from "../support/api_client.ts";
import { FaultProxy } from "../support/fault_proxy.ts";
import { LogRecorder } from "../support/log_recorder.ts";
import { freePort } from "../support/ports.ts";
import { bound } from "./recording_host.ts";
import type { MakeWorld, Shown, World } from "./world.ts";

const TOKEN = "the-token-of-the-api";

/** Tells when it listens, as a client of the true one would find out by trying. */
class WatchedBridge extends ApiBridge {
  isListening = false;
  listening: () => void = () => {};
  /** Resolves when the client has got this message. */
  arrived: (id: string) => Promise<void> = () => Promise.resolve();

  override async runOnce(host: BridgeHost, signal: AbortSignal): Promise<LinkEnd> {
    const linkUp: BridgeHost["linkUp"] = (self) => {
      host.linkUp(self);
      this.isListening = true;
      this.listening();
    };
    const end = await super.runOnce({ ...bound(host), linkUp }, signal);
    this.isListening = false;
    return end;
  }

  /** What is confirmed has left; the client gets it a moment later. */
  override async transmit(...args: Parameters<ApiBridge["transmit"]>): Promise<Receipt> {
    const receipt = await super.transmit(...args);
    const isNew = args[1].kind !== "deletion";
    if (isNew && receipt.outcome === "confirmed") await this.arrived(receipt.id ?? "");
    return receipt;
  }
}

/** The bridge is the server: the world is a client of it that reads and posts. */
export function apiWorld(change: Partial<ApiBridgeOptions> = {}): MakeWorld {
  return async (options) => {
    const log = new LogRecorder();
    const port = freePort();
    const bridge = new WatchedBridge({
      account: "api.contract" as AccountId,
      ...{ host: "127.0.0.1", port, token: TOKEN, allowOrigins: [], buffer: 1_000 },
      ...{ maxAgeMs: 86_400_000, problems: () => [], clock: options.clock ?? systemClock, log },
      ...change,
    });
    const proxy = await FaultProxy.start({ target: { port } });
    const client = new ApiClient({ url: `http://127.0.0.1:${proxy.port}`, token: TOKEN });
    const world = clientWorld(client, () => bridge.isListening);
    bridge.listening = once(() => client.read());
    bridge.arrived = (id) => world.until(() => client.frames.some((one) => one.id === id), id);
    return {
      ...{ bridge, log, proxy, secrets: [TOKEN] },
      ...FIXED,
      ...world,
      [Symbol.asyncDispose]: async () => {
        await client[Symbol.asyncDispose]();
        await world.posted();
        await proxy.close();
      },
    };
  };
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

const notHere = () => {
  throw new Error("Cannot do that: the bridge is the server");
};

const FIXED = {
  channels: ["movienight", "other place"],
  closedChannel: "unused",
  spellings: ["movienight"],
  noChannels: ["", "  ", "a\r\nb"],
  history: false,
  ids: true,
  saidEarlier: () => {},
  read: ({ wire }) => {
    const { username, text } = JSON.parse(wire);
    return username + text;
  },
  ...{ entries: notHere, isInside: notHere, throwOut: notHere, refuseLogin: notHere },
  ...{ throttle: notHere, holdLogin: notHere, isLoginHeld: notHere, refuseMessages: notHere },
  restart: notHere,
} as const satisfies Partial<World>;

function clientWorld(client: ApiClient, isListening: () => boolean) {
  const others: (Shown & { readonly gateway: string })[] = [];
  let posts: Promise<unknown> = Promise.resolve();
  let number = 0;
  const post = (message: Readonly<Record<string, unknown>>) => {
    const key = `post ${number++}`;
    const id = `key-${createHash("sha256").update(key).digest("base64url").slice(0, 22)}`;
    // What is posted while nobody listens is not said.
    const send = () => client.post(message, { "idempotency-key": key }).catch(() => {});
    if (isListening()) posts = posts.then(send);
    return id;
  };
  const say = (gateway: string, username: string, text: string, event = "") => {
    const id = post({ gateway, username, text, event });
    others.push({ own: false, text, id, gateway });
  };
  const own = ({ gateway, event }: ApiFrame) => event !== "msg_delete" && gateway !== "";
  return {
    posted: () => posts,
    say,
    act: (gateway, username, text) => say(gateway, username, text, "user_action"),
    edit: (gateway, text, newText) => {
      const id = others.findLast((each) => each.text === text)?.id;
      post({ gateway, username: "ada", text: newText, event: "msg_update", id });
    },
    join: (gateway, nick) =>
      void post({ gateway, username: "system", text: `${nick} joins`, event: "join_leave" }),
    leave: (gateway, nick) =>
      void post({ gateway, username: "system", text: `${nick} parts`, event: "join_leave" }),
    shown: (gateway) => [
      ...client.frames.filter((frame) => own(frame) && frame.gateway === gateway)
        .map((frame) => ({ own: true, text: wireOf(frame), id: frame.id })),
      ...others.filter((each) => each.gateway === gateway),
    ],
    until: async (probe, what) => void await client.changes.until(probe, what),
    goodbyes: () => client.ends,
  } satisfies Partial<World> & { posted: () => Promise<unknown> };
}

/** The part that a frame was made of. */
function wireOf(frame: ApiFrame): string {
  const id = frame.event === "msg_update" ? frame.id : "";
  return JSON.stringify({ ...frame, timestamp: "", id });
}
