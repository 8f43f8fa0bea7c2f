// @ts-types="@types/ws"
import WebSocket from "ws";
import { Buffer } from "node:buffer";
import { describeError } from "../../../base/errors.ts";
import { isRecord, property } from "../../../base/json.ts";
import { type GraphqlError, readErrors } from "../protocol/graphql_error.ts";
import type { LinkFault } from "./link_end.ts";

/** What the connection tells its owner. */
interface SocketHooks {
  /** Every text frame; answers what graphql-ws gets to see of it, null for nothing. */
  frame(text: string): object | null;
  /** A WebSocket control ping of the server. */
  controlPing(): void;
  /** A frame that is not text. */
  binary(): void;
  /** Something went wrong; comes before the close. */
  fault(fault: LinkFault): void;
  closed(code: number, reason: string): void;
}

interface SocketOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly maxFrameBytes: number;
  readonly handshakeTimeoutMs: number;
  readonly hooks: SocketHooks;
}

/** What graphql-ws is given as its WebSocket: one connection over `ws`, with headers and with our gate before it. */
export interface SocketFactory {
  readonly webSocketImpl: unknown;
  /** The socket once dialled. */
  current(): WebSocket | null;
}

/**
 * Wraps instead of extending `ws`, because frames must be filtered before graphql-ws: one frame that it does not know
 * makes it close the connection.
 */
export function socketFactory(options: SocketOptions): SocketFactory {
  let current: WebSocket | null = null;
  class GatedSocket {
    static readonly CONNECTING = WebSocket.CONNECTING;
    static readonly OPEN = WebSocket.OPEN;
    static readonly CLOSING = WebSocket.CLOSING;
    static readonly CLOSED = WebSocket.CLOSED;
    onopen: (() => void) | null = null;
    onmessage: ((event: { data: object }) => void) | null = null;
    onerror: ((error: unknown) => void) | null = null;
    onclose: ((event: { code: number; reason: string }) => void) | null = null;
    readonly #socket: WebSocket;

    constructor(url: string, subprotocol: string) {
      this.#socket = dial(url, subprotocol, options);
      current = this.#socket;
      this.#listen(options.hooks);
    }

    get readyState(): number {
      return this.#socket.readyState;
    }

    send(text: string): void {
      this.#socket.send(text);
    }

    close(code?: number, reason?: string): void {
      this.#socket.close(code, reason);
    }

    #listen(hooks: SocketHooks): void {
      const socket = this.#socket;
      socket.on("open", () => this.onopen?.());
      socket.on("message", (data, isBinary) => {
        if (isBinary) return hooks.binary();
        const seen = hooks.frame(textOf(data));
        if (seen !== null) this.onmessage?.({ data: seen });
      });
      socket.on("ping", () => hooks.controlPing());
      socket.on("unexpected-response", (_request, response) => {
        hooks.fault({
          kind: "handshake",
          status: response.statusCode ?? 0,
          retryAfterMs: retryAfterMs(response.headers["retry-after"]),
        });
        response.resume();
        socket.terminate();
      });
      socket.on("error", (error) => {
        hooks.fault(faultOf(error, options.maxFrameBytes));
        this.onerror?.(error);
      });
      socket.on("close", (code, reason) => {
        hooks.closed(code, reason.toString());
        this.onclose?.({ code, reason: reason.toString() });
      });
    }
  }
  return { webSocketImpl: GatedSocket, current: () => current };
}

function dial(url: string, subprotocol: string, options: SocketOptions): WebSocket {
  return new WebSocket(url, subprotocol, {
    headers: { ...options.headers },
    maxPayload: options.maxFrameBytes,
    handshakeTimeout: options.handshakeTimeoutMs,
    perMessageDeflate: false,
    // Damaged text is to cost one frame, not the connection: it is read with replacement characters.
    skipUTF8Validation: true,
    followRedirects: false,
  });
}

function textOf(data: WebSocket.RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.isBuffer(data) ? data.toString("utf8") : Buffer.from(data).toString("utf8");
}

function faultOf(error: Error, maxFrameBytes: number): LinkFault {
  const code = "code" in error ? error.code : "";
  return code === "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH"
    ? { kind: "frame-too-large", limitBytes: maxFrameBytes }
    : { kind: "network", said: describeError(error) };
}

/** Retry-After in seconds; the form with a date is not worth its trouble here. */
function retryAfterMs(header: string | undefined): number | null {
  const seconds = Number(header);
  return header !== undefined && Number.isFinite(seconds) && seconds >= 0
    ? Math.min(seconds, 3_600) * 1_000
    : null;
}

/** A frame of the server, after the one gate. */
type Frame =
  | { readonly kind: "ack" }
  | { readonly kind: "pong" }
  /** A JSON ping: Kosmi's library sends none, and an answer to it would end the connection. */
  | { readonly kind: "ping" }
  | {
    readonly kind: "next";
    readonly id: string;
    readonly payload: Readonly<Record<string, unknown>>;
  }
  | { readonly kind: "error"; readonly id: string; readonly errors: readonly GraphqlError[] }
  | { readonly kind: "complete"; readonly id: string }
  /** Nothing we know. `what` names the kind, for a log line once per kind. */
  | { readonly kind: "strange"; readonly what: string };

/** Reads one text frame. Never throws. */
export function readFrame(text: string): Frame {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { kind: "strange", what: "text that is not JSON" };
  }
  const type = property(raw, "type");
  if (typeof type !== "string") return { kind: "strange", what: "JSON without a type" };
  switch (type) {
    case "connection_ack":
      return { kind: "ack" };
    case "pong":
      return { kind: "pong" };
    case "ping":
      return { kind: "ping" };
    case "next":
    case "data":
      return readNext(raw);
    case "error":
    case "connection_error":
      return readErrorFrame(raw);
    case "complete":
      return withId(raw, (id) => ({ kind: "complete", id }));
    default:
      return { kind: "strange", what: `type ${JSON.stringify(type.slice(0, 40))}` };
  }
}

function readNext(raw: unknown): Frame {
  const payload = property(raw, "payload");
  if (!isRecord(payload)) return { kind: "strange", what: "next without a payload" };
  return withId(raw, (id) => ({ kind: "next", id, payload }));
}

/** A refused connection_init has its payload where the id belongs, so an error needs no readable id. */
function readErrorFrame(raw: unknown): Frame {
  const id = property(raw, "id");
  const isId = typeof id === "string" || typeof id === "number";
  const errors = [...readErrors(property(raw, "payload")), ...(isId ? [] : readErrors(id))]
    .filter((error) => !EMPTY.includes(error.message));
  const said = errors.length > 0 ? errors : readErrors("an error without a text");
  return { kind: "error", id: isId ? String(id) : "", errors: said };
}

const EMPTY: readonly string[] = ["{}", '""', "null"];

function withId(raw: unknown, make: (id: string) => Frame): Frame {
  const id = property(raw, "id");
  if (typeof id === "string" && id !== "") return make(id);
  if (typeof id === "number") return make(String(id));
  return { kind: "strange", what: `${String(property(raw, "type"))} without an id` };
}
