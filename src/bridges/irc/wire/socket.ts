// @ts-types="./irc_framework.d.ts"
import Client from "irc-framework/src/client.js";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { pinFault } from "./certificate.ts";
import type { FrameworkMessage, FrameworkTransport } from "./irc_framework.d.ts";
import {
  formatLine,
  type IrcMessage,
  type LineCodec,
  lineCodec,
  type OutLine,
  singleLine,
} from "./message.ts";

/** Where and how to connect. */
export interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** Local address to connect from; null lets the system choose. */
  readonly bind: string | null;
  readonly tls: DialTls | null;
}

export interface DialTls {
  readonly verify: boolean;
  /** Certificate and private key in one PEM text. */
  readonly clientCertificatePem: string | null;
  /** SHA-256 fingerprints of the server's certificate, of which one must fit; empty: no pinning. */
  readonly pinSha256: readonly string[];
  /** Further certificate authorities in PEM; empty: the system's alone. */
  readonly caPem: readonly string[];
}

export interface SocketTransportOptions {
  readonly dial: DialOptions;
  readonly codec: LineCodec;
  readonly maxLineBytes: number;
  readonly onTooLong: (bytes: number) => void;
  readonly onBytes: () => void;
}

/**
 * The socket under irc-framework, in place of its own: that one keeps an endless line in memory, guesses the charset
 * once for all lines, pins no certificate and writes CR and LF as they come. All that leaves passes `writeLine`, so
 * that no caller, irc-framework included, can send a second line.
 */
export class SocketTransport extends EventEmitter implements FrameworkTransport {
  readonly #options: SocketTransportOptions;
  readonly #reader: LineReader;
  #socket: net.Socket | null = null;
  #error: Error | null = null;
  #open = false;
  #waiting: { readonly bytes: Uint8Array; readonly written: () => void }[] = [];

  constructor(options: SocketTransportOptions) {
    super();
    this.#options = options;
    this.#reader = new LineReader({
      maxLineBytes: options.maxLineBytes,
      onLine: (line) => this.emit("line", options.codec.decode(line)),
      onTooLong: options.onTooLong,
    });
  }

  connect(): void {
    const { dial } = this.#options;
    const socket = dial.tls === null
      ? net.connect(tcpOptions(dial))
      : tls.connect(tlsOptions(dial, dial.tls));
    this.#socket = socket;
    socket.on(dial.tls === null ? "connect" : "secureConnect", () => this.#opened(socket));
    socket.on("data", (chunk: Buffer) => {
      this.#options.onBytes();
      this.#reader.push(chunk);
    });
    socket.on("error", (error: Error) => this.#error ??= error);
    // The server closed its side: without this a half-closed socket would stay for ever.
    socket.on("end", () => socket.destroy());
    socket.on("close", () => this.#closed());
  }

  writeLine(line: string, callback?: () => void): void {
    const socket = this.#socket;
    if (socket === null || !this.#open || !socket.writable) return callback?.();
    const bytes = this.#options.codec.encode(`${singleLine(line)}\r\n`);
    this.#waiting.push({ bytes, written: () => callback?.() });
    if (this.#waiting.length === 1) queueMicrotask(() => this.#flush());
  }

  /**
   * What is said in one go leaves in one write. A server that sends us away at once closes after its first words; a second
   * write would then fail, and the failed write would end the socket before these words were read.
   */
  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const written = () => waiting.forEach((each) => each.written());
    const socket = this.#socket;
    if (waiting.length === 0) return;
    if (socket === null || !socket.writable) return written();
    socket.write(Buffer.concat(waiting.map((each) => each.bytes)), written);
  }

  close(force = false): void {
    this.#flush();
    if (force || !this.#open) this.#socket?.destroy();
    else this.#socket?.end();
  }

  disposeSocket(): void {
    this.#socket?.destroy();
  }

  /** The codec decides; irc-framework only wants to hear that it is all right. */
  setEncoding(): boolean {
    return true;
  }

  #opened(socket: net.Socket): void {
    socket.setNoDelay(true);
    const fault = socket instanceof tls.TLSSocket ? pinFault(socket, this.#options.dial.tls) : null;
    if (fault !== null) return this.#refuse(socket, fault);
    this.#open = true;
    this.emit("open");
  }

  #refuse(socket: net.Socket, fault: Error): void {
    this.#error = fault;
    // A tick later: cut inside the handshake, the server's side reports a broken TLS library in place of a goodbye.
    setTimeout(() => socket.destroy(), 0);
  }

  #closed(): void {
    this.#open = false;
    this.#socket = null;
    this.emit("close", this.#error ?? false);
  }
}

function tcpOptions(dial: DialOptions): net.TcpNetConnectOpts {
  const local = dial.bind === null ? {} : { localAddress: dial.bind };
  return { host: dial.host, port: dial.port, ...local };
}

function tlsOptions(dial: DialOptions, options: DialTls): tls.ConnectionOptions {
  const pem = options.clientCertificatePem;
  return {
    ...tcpOptions(dial),
    // Server name indication takes host names only.
    ...(net.isIP(dial.host) === 0 ? { servername: dial.host } : {}),
    ...(pem === null ? {} : { cert: pem, key: pem }),
    ...(options.caPem.length === 0 ? {} : { ca: [...options.caPem] }),
    // A pin names the one right certificate: it says more than any authority.
    rejectUnauthorized: options.verify && options.pinSha256.length === 0,
  };
}

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

/**
 * Bytes to lines with a bound: a line longer than `maxLineBytes` is thrown away while it comes in, so that it costs no
 * memory, and is told once when it ends.
 */
export class LineReader {
  readonly #maxLineBytes: number;
  readonly #onLine: (line: Uint8Array) => void;
  readonly #onTooLong: (bytes: number) => void;
  #rest: Uint8Array = new Uint8Array(0);
  #skippedBytes = 0;

  constructor(options: {
    readonly maxLineBytes: number;
    readonly onLine: (line: Uint8Array) => void;
    readonly onTooLong: (bytes: number) => void;
  }) {
    this.#maxLineBytes = options.maxLineBytes;
    this.#onLine = options.onLine;
    this.#onTooLong = options.onTooLong;
  }

  push(chunk: Uint8Array): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
      this.#end(chunk.subarray(start, end));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
  }

  #end(tail: Uint8Array): void {
    const skipped = this.#skippedBytes;
    const line = joined(this.#rest, tail);
    this.#rest = new Uint8Array(0);
    this.#skippedBytes = 0;
    const bytes = skipped + line.length;
    if (bytes > this.#maxLineBytes) return this.#onTooLong(bytes);
    const trimmed = line.at(-1) === 13 ? line.subarray(0, -1) : line;
    if (trimmed.length > 0) this.#onLine(trimmed);
  }

  #keep(tail: Uint8Array): void {
    if (this.#skippedBytes > 0 || this.#rest.length + tail.length > this.#maxLineBytes) {
      this.#skippedBytes += this.#rest.length + tail.length;
      this.#rest = new Uint8Array(0);
    } else if (tail.length > 0) {
      this.#rest = joined(this.#rest, tail);
    }
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second.slice();
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
