// @ts-types="@types/ws"
import { type WebSocket, WebSocketServer } from "ws";
import { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { Duplex } from "node:stream";
import { type HttpConn, UpgradeResponse } from "../../base/http_port.ts";
import type { Reader } from "./feed.ts";
import { failure, greeting, type ReaderContext } from "./readers.ts";

interface SocketContext extends ReaderContext {
  readonly mostBytes: number;
  /** Takes over what the client writes; resolves with what is wrong with it, or null. */
  readonly post: (text: string, reader: Reader) => Promise<string | null>;
}

const PING_EVERY_MS = 30_000;
/** How many messages a client may write before the first of them is stored. */
const MOST_POSTS_WAITING = 100;
const TOO_SLOW = 1008;
const GOING_AWAY = 1001;

/** The stream's messages as frames of a WebSocket; what the client writes is posted. */
export function webSocketResponse(request: Request, context: SocketContext): Response {
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    const message = "Connect with a WebSocket";
    return Response.json({ message }, { status: 426, headers: { upgrade: "websocket" } });
  }
  return new UpgradeResponse((conn, rest) => serve(conn, rest, request, context));
}

async function serve(
  conn: HttpConn,
  rest: Uint8Array,
  request: Request,
  context: SocketContext,
): Promise<void> {
  const ended = context.track();
  const server = new WebSocketServer({ noServer: true, maxPayload: context.mostBytes });
  const stream = duplexOf(conn);
  const { method } = request;
  const headers = Object.fromEntries(request.headers);
  await new Promise<void>((resolve) => {
    stream.once("close", resolve);
    stream.on("error", () => stream.destroy());
    // The library reads no more of a request than this.
    const asked = { method, headers, url: "/" } as IncomingMessage;
    server.handleUpgrade(asked, stream, Buffer.from(rest), (socket) => talk(socket, context));
  });
  ended();
}

function talk(socket: WebSocket, context: SocketContext): void {
  const { feed, since, clock } = context;
  const { reader, isResumed } = feed.open(since, true);
  socket.send(greeting(clock, since === null ? null : isResumed));
  takePosts(socket, reader, context);
  keepAlive(socket, context);
  socket.on("error", () => socket.terminate());
  socket.on("close", () => reader.close());
  void writeAll(socket, reader);
}

/** One at a time, so that a client's messages keep their order. */
function takePosts(socket: WebSocket, reader: Reader, { post, clock }: SocketContext): void {
  let posts = Promise.resolve();
  let waiting = 0;
  socket.on("message", (data, isBinary) => {
    if (++waiting > MOST_POSTS_WAITING) return socket.close(TOO_SLOW, "too many messages at once");
    const text = String(data);
    posts = posts.then(async () => {
      const fault = isBinary ? "A message is text" : await post(text, reader);
      waiting--;
      if (fault !== null) socket.send(failure(clock, fault));
    }).catch(() => socket.terminate());
  });
}

/** Resolves when all is written, or the connection is gone. Asking the reader for more confirms what was written. */
async function writeAll(socket: WebSocket, reader: Reader): Promise<void> {
  for (let frames = await reader.next(); frames !== null; frames = await reader.next()) {
    const isWritten = await Promise.all(frames.map((frame) => written(socket, frame)));
    if (!isWritten.every(Boolean)) return;
  }
  if (reader.isTooSlow) socket.close(TOO_SLOW, "the client reads too slowly");
  else socket.close(GOING_AWAY, "the relay is stopping");
}

function written(socket: WebSocket, frame: string): Promise<boolean> {
  return new Promise((resolve) => socket.send(frame, (error) => resolve(!error)));
}

/** Ends a connection whose client no longer answers, or no longer reads. */
function keepAlive(socket: WebSocket, { clock }: SocketContext): void {
  const stop = new AbortController();
  let isAnswered = true;
  socket.on("pong", () => isAnswered = true);
  socket.on("close", () => stop.abort());
  const beat = async () => {
    while (true) {
      await clock.sleep(PING_EVERY_MS, stop.signal);
      if (!isAnswered) return socket.terminate();
      isAnswered = false;
      socket.ping();
    }
  };
  beat().catch(() => {});
}

/** The connection as the library wants it. */
function duplexOf(conn: HttpConn): Duplex {
  const chunk = new Uint8Array(16_384);
  return new Duplex({
    read() {
      conn.read(chunk).then(
        (count) => this.push(count === null ? null : Buffer.from(chunk.slice(0, count))),
        (error) => this.destroy(error),
      );
    },
    write(bytes: Uint8Array, _encoding, done) {
      writeWhole(conn, bytes).then(() => done(), done);
    },
    final(done) {
      conn.closeWrite().then(() => done(), done);
    },
    destroy(error, done) {
      try {
        conn.close();
      } catch {
        // The other side was faster.
      }
      done(error);
    },
  });
}

async function writeWhole(conn: HttpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}
