import type { Clock } from "../../base/clock.ts";
import { StreamResponse } from "../../base/http_port.ts";
import type { Feed } from "./feed.ts";

export interface ReaderContext {
  readonly feed: Feed;
  /** The last message that the client has; null for what waits. */
  readonly since: string | null;
  readonly clock: Clock;
  /** Counts a client until the returned function is called. */
  readonly track: () => () => void;
}

/** Keeps a stream's connection alive, and shows that a silent client is gone. White space before JSON disturbs no reader. */
const HEARTBEAT_MS = 30_000;
const BEAT: unique symbol = Symbol("beat");
const encoder = new TextEncoder();

/** All that waits, as a list; taken once it has left. */
export function messagesResponse({ feed, since, track }: ReaderContext): Response {
  const { reader, isResumed } = feed.open(since);
  const frames: string[] = [];
  for (let batch = reader.now(); batch !== null && batch.length > 0; batch = reader.now()) {
    frames.push(...batch);
  }
  const ended = track();
  const close = () => {
    reader.close();
    ended();
  };
  const list = [`[${frames.join(",\n")}]\n`];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const text = list.shift();
      if (text !== undefined) return controller.enqueue(encoder.encode(text));
      reader.taken();
      controller.close();
      close();
    },
    cancel: close,
  }, { highWaterMark: 0 });
  return new StreamResponse(body, { headers: headersOf(since, isResumed) });
}

/** One JSON object a line: the greeting, what waits, then each message as it comes. */
export function streamResponse({ feed, since, clock, track }: ReaderContext): Response {
  const { reader, isResumed } = feed.open(since);
  const first = [greeting(clock, since === null ? null : isResumed)];
  const ended = track();
  let waiting: Promise<readonly string[] | null> | null = null;
  const nextOrBeat = async () => {
    waiting ??= reader.next();
    const done = new AbortController();
    const beat = clock.sleep(HEARTBEAT_MS, done.signal).catch(() => {}).then((): typeof BEAT =>
      BEAT
    );
    const result = await Promise.race([waiting, beat]);
    done.abort();
    if (result !== BEAT) waiting = null;
    return result;
  };
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const frames = first.length > 0 ? first.splice(0) : await nextOrBeat();
      if (frames === BEAT) return controller.enqueue(encoder.encode(" "));
      if (frames !== null) return controller.enqueue(encoder.encode(`${frames.join("\n")}\n`));
      ended();
      if (reader.isTooSlow) controller.error(new Error("the client reads too slowly"));
      else controller.close();
    },
    cancel() {
      reader.close();
      ended();
    },
  }, { highWaterMark: 0 });
  return new StreamResponse(body, { headers: headersOf(since, isResumed) });
}

/** What Matterbridge says first. `resumed` is there where the client asked to resume. */
export function greeting(clock: Clock, resumed: boolean | null): string {
  const event = eventFrame(clock, "api_connected", "");
  return JSON.stringify(resumed === null ? event : { ...event, resumed });
}

export function failure(clock: Clock, text: string): string {
  return JSON.stringify(eventFrame(clock, "failure", text));
}

function eventFrame(clock: Clock, event: string, text: string): object {
  return {
    ...{ text, channel: "", username: "", userid: "", avatar: "", account: "", event },
    ...{ protocol: "", gateway: "", parent_id: "", timestamp: new Date(clock.now()).toISOString() },
    ...{ id: "", Extra: null },
  };
}

function headersOf(since: string | null, isResumed: boolean): Record<string, string> {
  return {
    "content-type": "application/json",
    ...(since === null ? {} : { "x-resumed": String(isResumed) }),
  };
}
