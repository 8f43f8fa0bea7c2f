// @ts-types="./irc_framework.d.ts"
import Client from "irc-framework/src/client.js";
import { lineCodec } from "./charset.ts";
import { formatLine } from "./format_line.ts";
import type { FrameworkMessage } from "./irc_framework.d.ts";
import type { IrcMessage, OutLine } from "./message.ts";
import { type DialOptions, SocketTransport } from "./socket_transport.ts";

/** Tags may take 8,191 bytes beside the line's 512; twice that is more than any honest server sends. */
const MAX_READ_BYTES = 16_384;

export interface ConnectionOptions {
  readonly dial: DialOptions;
  readonly charset: string | null;
}

/** What a connection reports. Every call comes from the event loop, never from inside a call to the connection. */
export interface ConnectionEvents {
  /** The socket is open; nothing has been sent. */
  opened(): void;
  message(message: IrcMessage): void;
  /** Any bytes came in: the link is alive. */
  bytes(): void;
  tooLong(bytes: number): void;
  /** A fault of ours in `message`: it must not end in irc-framework, which prints it. */
  fault(thrown: unknown): void;
  /** Comes once, last. `error` null: the server closed. */
  closed(error: Error | null): void;
}

export interface Connection {
  /** Returns at once. What is sent after the end is dropped; what passes `maxBytes` (without CRLF) is cut. */
  send(line: OutLine, maxBytes?: number): void;
  /** Closes at once, whatever is still under way. `closed` follows. */
  destroy(): void;
}

/**
 * The only file that touches irc-framework, and its client alone: the package's entry loads a socket of its own with
 * SOCKS and the tables of a hundred charsets, which is twice the code of the rest. Taken from it: connecting, and
 * the reading of lines and tags. Its own opening lines and its handling of what the server says are bypassed, because
 * it would send the password before the server can ask for TLS, go on unauthenticated when SASL fails, drop nested
 * batches, answer CTCP without a limit, request all capabilities in one line that is refused whole, and print faults to
 * the console.
 */
export function openConnection(options: ConnectionOptions, events: ConnectionEvents): Connection {
  const client = new Client();
  client.registerToNetwork = () => {};
  const transport = new SocketTransport({
    dial: options.dial,
    codec: lineCodec(options.charset),
    maxLineBytes: MAX_READ_BYTES,
    onTooLong: events.tooLong,
    onBytes: events.bytes,
  });
  client.use((_client, raw) => {
    raw.use((_command, message, _line, _from, _next) => guarded(events, message));
  });
  client.on("socket connected", () => events.opened());
  client.on("socket close", (error) => {
    client.removeAllListeners();
    events.closed(error instanceof Error ? error : null);
  });
  client.connect(frameworkOptions(transport));
  return {
    send: (line, maxBytes) => client.raw(formatLine(line, maxBytes)),
    destroy: () => transport.close(true),
  };
}

function frameworkOptions(transport: SocketTransport) {
  return {
    version: false,
    auto_reconnect: false,
    ping_interval: 0,
    ping_timeout: 0,
    // It makes its transport itself, with `new`: a constructor may answer an object that exists already.
    transport: function () {
      return transport;
    } as unknown as new () => SocketTransport,
  } as const;
}

/** irc-framework passes what a listener throws to the console: nothing may leave this function. */
function guarded(events: ConnectionEvents, message: FrameworkMessage): void {
  try {
    events.message(toMessage(message));
  } catch (thrown) {
    events.fault(thrown);
  }
}

function toMessage(message: FrameworkMessage): IrcMessage {
  return {
    tags: new Map(Object.entries(message.tags)),
    nick: message.nick === "" ? message.prefix : message.nick,
    user: message.ident,
    host: message.hostname,
    command: message.command,
    params: [...message.params],
  };
}
