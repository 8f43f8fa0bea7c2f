import type { Clock } from "../../base/clock.ts";
import type { Feed, Reader } from "./feed.ts";

/** Longest message of a client, attachments included. */
export const MOST_BYTES = 64 * 1024;

export interface ReaderContext {
  readonly feed: Feed;
  /** The last message that the client has; null for what waits. */
  readonly since: string | null;
  readonly clock: Clock;
  /** The API stops. */
  readonly signal: AbortSignal;
}

/** Keeps a stream's connection alive, and shows that a silent client is gone. White space before JSON disturbs no reader. */
const HEARTBEAT_MS = 30_000;
/** A client that does not read for so long is disconnected. */
const STUCK_MS = 60_000;
/** What a client may have written into its WebSocket before the first of it is stored. */
const MOST_POSTS_WAITING = 100;
const BEAT: unique symbol = Symbol("beat");
const encoder = new TextEncoder();

/** All that waits, as a list; taken once the client has received it. */
export function messagesResponse(
  feed: Feed,
  since: string | null,
  completed: Promise<void>,
): Response {
  const { reader, isResumed } = feed.open(since);
  const frames: string[] = [];
  for (let batch = reader.now(); batch !== null && batch.length > 0; batch = reader.now()) {
    frames.push(...batch);
  }
  completed.then(() => reader.taken(), () => {}).finally(() => reader.close());
  return new Response(`[${frames.join(",\n")}]\n`, {
    headers: { "content-type": "application/json", ...resumedHeader(since, isResumed) },
  });
}

/** One JSON object a line: the greeting, what waits, then each message as it comes. */
export function streamResponse(context: ReaderContext): Response {
  const { feed, since, clock } = context;
  const { reader, isResumed } = feed.open(since);
  const first = [greeting(clock, since === null ? null : isResumed)];
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
      if (reader.isTooSlow) controller.error(new Error("the client reads too slowly"));
      else controller.close();
    },
    cancel: () => reader.close(),
  }, { highWaterMark: 0 });
  return new Response(body, {
    headers: { "content-type": "application/json", ...resumedHeader(since, isResumed) },
  });
}

export interface SocketContext extends ReaderContext {
  /** Takes over what the client writes; resolves with what is wrong with it, or null. */
  readonly post: (text: string, reader: Reader) => Promise<string | null>;
}

/** The same as frames of a WebSocket; what the client writes is posted. */
export function webSocketResponse(request: Request, context: SocketContext): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    const message = "Connect with a WebSocket";
    return Response.json({ message }, { status: 426, headers: { upgrade: "websocket" } });
  }
  const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 60 });
  const { reader, isResumed } = context.feed.open(context.since, true);
  const { clock, signal, since } = context;
  socket.onopen = () => {
    socket.send(greeting(clock, since === null ? null : isResumed));
    void writeAll(socket, reader, clock, signal);
  };
  // One at a time, so that the order of a client's messages is kept.
  let posts = Promise.resolve();
  let waiting = 0;
  socket.onmessage = ({ data }) => {
    if (++waiting > MOST_POSTS_WAITING) return socket.close(1008, "too many messages at once");
    posts = posts.then(async () => {
      const text = typeof data === "string" && data.length <= MOST_BYTES ? data : null;
      const fault = text === null
        ? `A message is text of at most ${MOST_BYTES} bytes`
        : await context.post(text, reader);
      waiting--;
      if (fault !== null && socket.readyState === WebSocket.OPEN) {
        socket.send(failure(clock, fault));
      }
    }).catch(() => socket.close(1011));
  };
  socket.onclose = () => reader.close();
  socket.onerror = () => reader.close();
  return response;
}

async function writeAll(
  socket: WebSocket,
  reader: Reader,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  for (let frames = await reader.next(); frames !== null; frames = await reader.next()) {
    if (socket.readyState !== WebSocket.OPEN) break;
    for (const frame of frames) socket.send(frame);
    if (!await flushed(socket, clock, signal)) break;
  }
  reader.close();
  const code = reader.isTooSlow ? 1008 : 1001;
  if (socket.readyState === WebSocket.OPEN) {
    socket.close(code, reader.isTooSlow ? "the client reads too slowly" : "the relay is stopping");
  }
}

/** Resolves with true when all that was sent has left, false if the connection is gone or stuck. */
async function flushed(socket: WebSocket, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const untilMs = clock.monotonic() + STUCK_MS;
  for (let waitMs = 1; socket.bufferedAmount > 0; waitMs = Math.min(waitMs * 2, 50)) {
    if (socket.readyState !== WebSocket.OPEN || clock.monotonic() > untilMs) return false;
    await clock.sleep(waitMs, signal).catch(() => {});
    if (signal.aborted) break;
  }
  return socket.readyState === WebSocket.OPEN;
}

/** What Matterbridge says first. `resumed` is there where the client asked to resume. */
function greeting(clock: Clock, resumed: boolean | null): string {
  const event = eventFrame(clock, "api_connected", "");
  return JSON.stringify(resumed === null ? event : { ...event, resumed });
}

function failure(clock: Clock, text: string): string {
  return JSON.stringify(eventFrame(clock, "failure", text));
}

function eventFrame(clock: Clock, event: string, text: string): object {
  return {
    ...{ text, channel: "", username: "", userid: "", avatar: "", account: "", event },
    ...{ protocol: "", gateway: "", parent_id: "", timestamp: new Date(clock.now()).toISOString() },
    ...{ id: "", Extra: null },
  };
}

function resumedHeader(since: string | null, isResumed: boolean): Record<string, string> {
  return since === null ? {} : { "x-resumed": String(isResumed) };
}
