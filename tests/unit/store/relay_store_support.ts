import type { Clock } from "../../../src/base/clock.ts";
import type { Logger, LogProperties } from "../../../src/base/log.ts";
import type { Outgoing, Part, WireText } from "../../../src/relay/port/bridge.ts";
import {
  type AccountId,
  type ChannelId,
  type EndpointId,
  endpointId,
  type MessageId,
} from "../../../src/relay/port/ids.ts";
import { plainText } from "../../../src/relay/port/rich_text.ts";
import type { Acceptance, NewDelivery, RelayStore } from "../../../src/relay/port/store.ts";
import { type OpenHandle, openSqliteHandle } from "../../../src/store/sqlite/database_file.ts";
import { openRelayStore } from "../../../src/store/sqlite/sqlite_store.ts";

export function endpoint(account: string, channel: string): EndpointId {
  return endpointId(account as AccountId, channel as ChannelId);
}

export function id(text: string): MessageId {
  return text as MessageId;
}

export function message(text: string): Outgoing {
  return {
    kind: "message",
    prefix: plainText("<nick> "),
    text: plainText(text),
    action: false,
    replyTo: null,
    sender: null,
  };
}

export function partsOf(...texts: string[]): Part[] {
  return texts.map((text) => ({
    kind: "message",
    wire: text as WireText,
    target: null,
    speaker: null,
  }));
}

/** A message that was said at `origin` and goes to each endpoint of `to`. */
export function acceptance(said: {
  origin: EndpointId;
  id: string | null;
  to: readonly EndpointId[];
  text?: string;
  atMs?: number | null;
  live?: boolean;
  lostFor?: readonly EndpointId[];
}): Acceptance {
  const messageId = said.id === null ? null : id(said.id);
  const source = messageId === null ? null : { endpoint: said.origin, id: messageId };
  const deliveries = said.to.map((to): NewDelivery => ({
    endpoint: to,
    outgoing: message(said.text ?? `text of ${said.id}`),
    source,
    gateway: "gateway",
    speaker: "nick",
  }));
  return {
    origin: said.origin,
    messageId,
    cursorAtMs: said.atMs ?? null,
    live: said.live === true,
    lostFor: said.lostFor ?? [],
    deliveries,
  };
}

/** A clock that stands still until it is turned. */
export class TurnedClock implements Clock {
  #nowMs: number;

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#nowMs;
  }

  sleep(): Promise<void> {
    return Promise.reject(new Error("Cannot sleep: the store must not wait"));
  }

  advance(laterMs: number): void {
    this.#nowMs += laterMs;
  }
}

type Level = "debug" | "info" | "warn" | "error";

/** A line as a person would read it. */
export interface Said {
  readonly level: Level;
  readonly text: string;
}

/** Keeps what was said. */
export class RecordingLogger implements Logger {
  readonly lines: Said[] = [];

  debug(template: string, properties?: LogProperties): void {
    this.#keep("debug", template, properties);
  }

  info(template: string, properties?: LogProperties): void {
    this.#keep("info", template, properties);
  }

  warn(template: string, properties?: LogProperties): void {
    this.#keep("warn", template, properties);
  }

  error(template: string, properties?: LogProperties): void {
    this.#keep("error", template, properties);
  }

  with(): Logger {
    return this;
  }

  texts(level: Level): readonly string[] {
    return this.lines.filter((line) => line.level === level).map((line) => line.text);
  }

  #keep(level: Level, template: string, properties: LogProperties = {}): void {
    const text = template.replace(/\{(\w+)\}/g, (_all, name) => String(properties[name]));
    this.lines.push({ level, text });
  }
}

/** A store's directory, clock and log. */
export interface Workplace {
  readonly directory: string;
  readonly path: string;
  readonly clock: TurnedClock;
  readonly log: RecordingLogger;
  open(openHandle?: OpenHandle): RelayStore;
}

export function workplaceIn(directory: string): Workplace {
  const path = `${directory}/store.sqlite`;
  const clock = new TurnedClock(Date.UTC(2026, 0, 2, 3, 4, 5));
  const log = new RecordingLogger();
  const open = (openHandle: OpenHandle = openSqliteHandle) =>
    openRelayStore({ path, clock, log, openHandle, openLog: null });
  return { directory, path, clock, log, open };
}

/** Runs with a directory that is removed afterwards. */
export function inTemporaryDirectory(run: (place: Workplace) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    run(workplaceIn(directory));
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

export const ORIGIN = endpoint("kosmi.a", "main");
export const TARGET = endpoint("irc.b", "#c");

/** Accepts messages m<first>, m<first + 1> … one by one, each from ORIGIN to TARGET. */
export function acceptSome(store: RelayStore, first: number, count: number): void {
  for (let number = first; number < first + count; number++) {
    const text = `text ${number} `.repeat(20);
    store.accept([
      acceptance({ origin: ORIGIN, id: `m${number}`, to: [TARGET], text, atMs: number }),
    ], 1);
  }
}

export function waitingIds(store: RelayStore): (string | undefined)[] {
  return store.waiting(TARGET, null, 10_000).map((delivery) => delivery.source?.id);
}

export function names(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `m${first + index}`);
}
