import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { pinFault } from "./certificate_pin.ts";
import type { LineCodec } from "./charset.ts";
import { singleLine } from "./format_line.ts";
import type { FrameworkTransport } from "./irc_framework.d.ts";
import { LineReader } from "./line_reader.ts";

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
