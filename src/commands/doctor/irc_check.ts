import { describeError } from "../../base/errors.ts";
import { IrcBridge } from "../../bridges/irc/bridge.ts";
import type { Inspection } from "../../bridges/irc/link/inspection.ts";
import type { Link } from "../../bridges/irc/link/link.ts";
import type { IrcBridgeOptions } from "../../bridges/irc/link/options.ts";
import type { CertificateFacts } from "../../bridges/irc/wire/certificate.ts";
import type { IrcMessage } from "../../bridges/irc/wire/message.ts";
import { openConnection } from "../../bridges/irc/wire/socket.ts";
import {
  type BridgeHost,
  type ChannelPlan,
  type ChannelRefusal,
  type LinkEnd,
  ownLine,
  type Receipt,
} from "../../relay/port/bridge.ts";
import type { ChannelId } from "../../relay/port/ids.ts";
import { hearing } from "./checks.ts";

/** How far one connection came. */
export interface Attempt {
  readonly port: number;
  readonly byTls: boolean;
  /** Null while the name stands for none. */
  address: string | null;
  isConnected: boolean;
  /** What the server showed; null without TLS, and where no handshake was done. */
  certificate: CertificateFacts | null;
  /** Lines of the server. */
  heard: number;
}

/** Why a channel cannot be used; null where it can be. */
interface JoinOutcome {
  readonly refusal: ChannelRefusal | null;
}

const ANSWER_MS = 6_000;
const JOIN_MS = 12_000;

/** The relay's own bridge, made to connect once, with everything heard that it does not report itself. */
export class IrcCheck {
  readonly attempts: Attempt[] = [];
  /** Hears each line of the server. */
  readonly listeners = new Set<(message: IrcMessage) => void>();
  /** The link once the login is done; null when it failed. */
  readonly ready = Promise.withResolvers<Link | null>();
  loggedIn = false;
  end: LinkEnd | null = null;
  readonly #options: IrcBridgeOptions;
  readonly #bridge: IrcBridge;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  readonly #joins = new Map<ChannelId, (outcome: JoinOutcome) => void>();
  #plans: readonly ChannelPlan[] = [];

  constructor(options: IrcBridgeOptions, signal: AbortSignal) {
    this.#options = options;
    this.#bridge = new IrcBridge({ ...options, inspection: this.#inspection() });
    const both = AbortSignal.any([signal, this.#stop.signal]);
    this.#ended = this.#bridge.runOnce(this.#host(), both).then((end) => {
      this.end = end;
      this.ready.resolve(null);
      for (const resolve of this.#joins.values()) {
        resolve({ refusal: { reason: end.reason, mend: "wait" } });
      }
    });
  }

  /** Sends a line and waits for what `read` takes for its answer; null when none came in time. */
  ask<T>(
    link: Link,
    line: { readonly command: string; readonly params: readonly string[] },
    read: (message: IrcMessage) => T | null,
  ): Promise<T | null> {
    return new Promise((resolve) => {
      const finish = (answer: T | null) => {
        cancel();
        this.listeners.delete(hear);
        resolve(answer);
      };
      const hear = (message: IrcMessage) => {
        const answer = read(message);
        if (answer !== null) finish(answer);
      };
      const cancel = link.timers.after(ANSWER_MS, () => finish(null));
      this.listeners.add(hear);
      void this.#ended.then(() => finish(null));
      link.send(line);
    });
  }

  /** Joins a channel as the relay does. Null: the server did not answer. */
  async join(link: Link, plan: ChannelPlan): Promise<JoinOutcome | null> {
    const { promise, resolve } = Promise.withResolvers<JoinOutcome | null>();
    this.#joins.set(plan.channel, resolve);
    const cancel = link.timers.after(JOIN_MS, () => resolve(null));
    this.#plans = [...this.#plans, plan];
    this.#bridge.replan();
    if (this.end !== null) resolve({ refusal: { reason: this.end.reason, mend: "wait" } });
    const outcome = await promise;
    cancel();
    return outcome;
  }

  /** Says a line there, as the relay does. */
  async say(channel: ChannelId, text: string): Promise<Receipt> {
    const [part] = this.#bridge.render(channel, ownLine(text));
    if (part === undefined) return { outcome: "unsent", reason: "there is nothing to say" };
    return await this.#bridge.transmit(channel, part, AbortSignal.timeout(ANSWER_MS));
  }

  /** The certificate whoever signed it, over a connection on which nothing is sent; null where there is none. */
  async lookAtCertificate(limitMs: number): Promise<CertificateFacts | string> {
    const { host, port, bind = null, proxy = null, tls, clock } = this.#options;
    const found = Promise.withResolvers<CertificateFacts | string>();
    const inspect = { resolved: () => {}, connected: () => {}, secured: found.resolve };
    const unjudged = {
      ...{ verify: false, clientCertificatePem: tls?.clientCertificatePem ?? null },
      ...{ pinSha256: [], caPem: [] },
    };
    const connection = openConnection(
      { dial: { host, port, bind, proxy, tls: unjudged, inspect }, charset: null },
      {
        opened: () => connection.destroy(),
        closed: (error) => {
          found.resolve(
            error === null ? "the server hung up during the handshake" : describeError(error),
          );
        },
        ...{ message: () => {}, bytes: () => {}, tooLong: () => {}, fault: () => {} },
      },
    );
    const done = new AbortController();
    clock.sleep(limitMs, done.signal).then(
      () => found.resolve(`no answer within ${limitMs / 1_000} s`),
      () => {},
    );
    const certificate = await found.promise;
    done.abort();
    connection.destroy();
    return certificate;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }

  #host(): BridgeHost {
    const told = (channel: ChannelId, refusal: ChannelRefusal | null) =>
      this.#joins.get(channel)?.({ refusal });
    return hearing({
      channels: () => this.#plans,
      channelUp: (channel) => told(channel, null),
      channelDown: told,
    });
  }

  #inspection(): Inspection {
    const now = () => this.attempts.at(-1);
    return {
      dialling: (port, byTls) => {
        // A proxy looks names up itself.
        const address = this.#options.proxy ? this.#options.host : null;
        const nothing = { isConnected: false, certificate: null, heard: 0 };
        this.attempts.push({ port, byTls, address, ...nothing });
      },
      resolved: (address) => {
        const attempt = now();
        if (attempt !== undefined) attempt.address = address;
      },
      connected: () => {
        const attempt = now();
        if (attempt !== undefined) attempt.isConnected = true;
      },
      secured: (certificate) => {
        const attempt = now();
        if (attempt !== undefined) attempt.certificate = certificate;
      },
      line: (message) => {
        const attempt = now();
        if (attempt !== undefined) attempt.heard++;
        for (const hear of [...this.listeners]) hear(message);
      },
      ready: (link, loggedIn) => {
        this.loggedIn = loggedIn;
        this.ready.resolve(link);
      },
    };
  }
}

/** The time in an answer to TIME; the text of numeric 391 has no common form, and what cannot be read for certain is left out. */
export function writtenTime(text: string): number | null {
  const plain = text.replace(/\s--\s/, " ").replace(/\bat\b/, "");
  // Without seconds (ngircd) it says less than is wanted.
  if (!/\d:\d\d:\d\d/.test(plain)) return null;
  if (!/(?:UTC|GMT|Z|[+-]\d{2}:?\d{2})\s*$/.test(plain)) return null;
  const atMs = Date.parse(plain);
  return Number.isNaN(atMs) ? null : atMs;
}
