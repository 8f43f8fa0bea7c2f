import { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { certificateFacts, endPointOf, pinFault, withoutTlsThere } from "./certificate.ts";
import type { DialInspection } from "./certificate.ts";
import { formatLine, type IrcMessage, lineCodec, type OutLine, readLine } from "./message.ts";

/** Where and how to connect. */
interface DialOptions {
  readonly host: string;
  readonly port: number;
  /** Local address to connect from; null lets the system choose. */
  readonly bind: string | null;
  readonly tls: DialTls | null;
  /** Null: straight to the server. */
  readonly proxy: SocksProxy | null;
  /** Default: nobody listens. */
  readonly inspect?: DialInspection | null;
}

interface DialTls {
  readonly verify: boolean;
  /** Certificate and private key in one PEM text. */
  readonly clientCertificatePem: string | null;
  /** SHA-256 fingerprints of the server's certificate, of which one must fit; empty: no pinning. */
  readonly pinSha256: readonly string[];
  /** Further certificate authorities in PEM; empty: the system's alone. */
  readonly caPem: readonly string[];
}

/** A SOCKS5 proxy, which also looks up the server's name: nothing tells others whom we talk to. */
export interface SocksProxy {
  readonly host: string;
  readonly port: number;
  /** Tor takes any pair, and gives each one a path of its own. */
  readonly login: { readonly user: string; readonly password: string } | null;
}

interface SocketTransportOptions {
  readonly dial: DialOptions;
  readonly maxLineBytes: number;
  readonly onOpen: () => void;
  readonly onBytes: () => void;
  readonly onLine: (line: Uint8Array) => void;
  readonly onTooLong: (bytes: number) => void;
  /** Comes once, last. Null: the server closed. */
  readonly onClosed: (error: Error | null) => void;
}

/** Far more than the flood budget lets wait: a server that asks (PING) and does not read the answers. */
const MOST_UNREAD = 1 << 20;
const CRLF = Uint8Array.of(13, 10);

/** The socket: dialled, perhaps through a proxy, with TLS and a pinned certificate; lines in and out, as bytes. */
class SocketTransport {
  readonly #options: SocketTransportOptions;
  readonly #reader: LineReader;
  #socket: net.Socket | null = null;
  #error: Error | null = null;
  #open = false;
  #ended = false;
  #waiting: Uint8Array[] = [];

  constructor(options: SocketTransportOptions) {
    this.#options = options;
    this.#reader = new LineReader(options);
  }

  endPoint(): Uint8Array | null {
    return this.#socket instanceof tls.TLSSocket ? endPointOf(this.#socket) : null;
  }

  connect(): void {
    const { dial } = this.#options;
    const { proxy } = dial;
    if (proxy !== null) {
      const toProxy = net.connect(tcpOptions({ ...proxy, bind: dial.bind }));
      toProxy.on("error", (error) => this.#error ??= proxyError(error, proxy));
      this.#own(toProxy);
      toProxy.once("connect", () => void this.#throughProxy(toProxy, proxy));
    } else if (dial.tls === null) {
      const socket = net.connect(tcpOptions(dial));
      this.#own(socket);
      socket.once("connect", () => this.#opened(socket));
    } else {
      this.#secure(tcpOptions(dial), dial.tls);
    }
  }

  /** All that leaves passes here. Without its end; no caller can send a second line by what it writes in one. */
  writeLine(line: Uint8Array): void {
    if (!this.#open || this.#socket?.writable !== true) return;
    this.#waiting.push(line.includes(10) || line.includes(13) ? oneLine(line) : line, CRLF);
    if (this.#waiting.length === 2) queueMicrotask(() => this.#flush());
  }

  /**
   * What is said in one go leaves in one write. A server that sends us away at once closes after its first words; a second
   * write would then fail, and the failed write would end the socket before these words were read.
   */
  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const socket = this.#socket;
    if (waiting.length === 0 || socket?.writable !== true) return;
    socket.write(Buffer.concat(waiting));
    if (!(socket.writableLength > MOST_UNREAD)) return;
    this.#error ??= new Error("The server does not read what is sent to it");
    socket.destroy();
  }

  destroy(): void {
    this.#flush();
    if (this.#socket === null) this.#closed();
    this.#socket?.destroy();
  }

  /** From now on this socket is the one whose end is the end. */
  #own(socket: net.Socket): void {
    this.#socket = socket;
    this.#inspect(socket);
    socket.on("error", (error: Error) => this.#error ??= error);
    socket.on("close", () => {
      if (this.#socket === socket) this.#closed();
    });
  }

  #inspect(socket: net.Socket): void {
    const { inspect, proxy } = this.#options.dial;
    if (!inspect || proxy !== null) return;
    socket.on("lookup", (error, address) => {
      if (!error) inspect.resolved(address);
    });
    socket.once("connect", () => {
      if (socket.remoteAddress !== undefined) inspect.resolved(socket.remoteAddress);
      inspect.connected();
    });
  }

  /** The library is loaded by those alone who use a proxy. */
  async #throughProxy(socket: net.Socket, proxy: SocksProxy): Promise<void> {
    const { dial } = this.#options;
    const { SocksClient } = await import("socks");
    const login = proxy.login && { userId: proxy.login.user, password: proxy.login.password };
    try {
      await SocksClient.createConnection({
        command: "connect",
        existing_socket: socket,
        destination: { host: dial.host, port: dial.port },
        proxy: { host: proxy.host, port: proxy.port, type: 5, ...login },
      });
      dial.inspect?.connected();
    } catch (thrown) {
      this.#error ??= proxyError(thrown, proxy);
      return void socket.destroy();
    }
    if (dial.tls === null) this.#opened(socket);
    else this.#secure({ socket }, dial.tls);
  }

  #secure(transport: tls.ConnectionOptions, options: DialTls): void {
    const { host, port } = this.#options.dial;
    const socket = tls.connect({ ...transport, ...tlsOptions(host, options) });
    socket.on("error", (error: Error) => this.#error ??= withoutTlsThere(error, port));
    this.#own(socket);
    socket.on("secureConnect", () => {
      this.#options.dial.inspect?.secured(certificateFacts(socket));
      const fault = pinFault(socket, options);
      if (fault === null) return this.#opened(socket);
      this.#error = fault;
      // A tick later: cut inside the handshake, the server's side reports a broken TLS library in place of a goodbye.
      setTimeout(() => socket.destroy(), 0);
    });
  }

  #opened(socket: net.Socket): void {
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#options.onBytes();
      this.#reader.push(chunk);
    });
    // The server closed its side: without this a half-closed socket would stay for ever.
    socket.on("end", () => socket.destroy());
    this.#open = true;
    this.#options.onOpen();
  }

  #closed(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#open = false;
    this.#socket = null;
    this.#options.onClosed(this.#error);
  }
}

/** The bytes with spaces in place of what some server takes for a line's end. */
function oneLine(line: Uint8Array): Uint8Array {
  return line.map((byte) => byte === 10 || byte === 13 ? 32 : byte);
}

function tcpOptions(
  to: { readonly host: string; readonly port: number; readonly bind: string | null },
): net.TcpNetConnectOpts {
  const local = to.bind === null ? {} : { localAddress: to.bind };
  return { host: to.host, port: to.port, ...local };
}

function tlsOptions(host: string, options: DialTls): tls.ConnectionOptions {
  const pem = options.clientCertificatePem;
  return {
    host,
    // Server name indication takes host names only.
    ...(net.isIP(host) === 0 ? { servername: host } : {}),
    ...(pem === null ? {} : { cert: pem, key: pem }),
    ...(options.caPem.length === 0 ? {} : { ca: [...options.caPem] }),
    // A pin names the one right certificate: it says more than any authority.
    rejectUnauthorized: options.verify && options.pinSha256.length === 0,
  };
}

/** The library's words with the proxy named, so that nobody looks for the fault at the server. */
function proxyError(thrown: unknown, { host, port }: SocksProxy): Error {
  const said = thrown instanceof Error ? thrown.message : String(thrown);
  return new Error(`The SOCKS5 proxy ${host}:${port} did not connect us: ${said}`, {
    cause: thrown,
  });
}

/** Tags may take 8,191 bytes beside the line's 512; twice that is more than any honest server sends. */
const MAX_READ_BYTES = 16_384;

interface ConnectionOptions {
  readonly dial: DialOptions;
  readonly charset: string | null;
}

/** What a connection reports. Every call comes from the event loop, never from inside a call to the connection. */
interface ConnectionEvents {
  /** The socket is open; nothing has been sent. */
  opened(): void;
  message(message: IrcMessage): void;
  /** Any bytes came in: the link is alive. */
  bytes(): void;
  tooLong(bytes: number): void;
  /** A fault of ours in `message`: it must not end the socket. */
  fault(thrown: unknown): void;
  /** Comes once, last. `error` null: the server closed. */
  closed(error: Error | null): void;
}

export interface Connection {
  /** Returns at once. What is sent after the end is dropped; what passes `maxBytes` (without CRLF) is cut. */
  send(line: OutLine, maxBytes?: number): void;
  /** From now on lines are written in UTF-8, whatever the charset: the server takes nothing else (UTF8ONLY). */
  useUtf8(): void;
  /** What names this TLS connection to both ends (RFC 5929, tls-server-end-point); null without TLS. */
  endPoint(): Uint8Array | null;
  /** Closes at once, whatever is still under way. `closed` follows. */
  destroy(): void;
}

export function openConnection(options: ConnectionOptions, events: ConnectionEvents): Connection {
  let codec = lineCodec(options.charset);
  const transport = new SocketTransport({
    dial: options.dial,
    maxLineBytes: MAX_READ_BYTES,
    onOpen: events.opened,
    onBytes: events.bytes,
    onLine: (line) => {
      try {
        const message = readLine(line, codec);
        if (message.command !== "") events.message(message);
      } catch (thrown) {
        events.fault(thrown);
      }
    },
    onTooLong: (bytes) => events.tooLong(bytes),
    onClosed: (error) => events.closed(error),
  });
  transport.connect();
  return {
    send: (line, maxBytes) => transport.writeLine(codec.encode(formatLine(line, maxBytes))),
    useUtf8: () => void (codec = lineCodec(null)),
    endPoint: () => transport.endPoint(),
    destroy: () => transport.destroy(),
  };
}

/**
 * Bytes to lines with a bound: a line longer than `maxLineBytes` is thrown away while it comes in, so that it costs no
 * memory, and is told once when it ends. What `onLine` gets is its own during the call only.
 */
export class LineReader {
  readonly #maxLineBytes: number;
  readonly #onLine: (line: Uint8Array) => void;
  readonly #onTooLong: (bytes: number) => void;
  /** Starts of lines: it grows, so that a line that comes byte by byte is not copied as often. */
  #buffer = new Uint8Array(512);
  #keptBytes = 0;
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
    const bytes = this.#skippedBytes + this.#keptBytes + tail.length;
    if (this.#keptBytes > 0) this.#keep(tail);
    const line = this.#keptBytes > 0 ? this.#buffer.subarray(0, this.#keptBytes) : tail;
    this.#keptBytes = 0;
    this.#skippedBytes = 0;
    if (bytes > this.#maxLineBytes) return this.#onTooLong(bytes);
    const trimmed = line.at(-1) === 13 ? line.subarray(0, -1) : line;
    if (trimmed.length > 0) this.#onLine(trimmed);
  }

  #keep(tail: Uint8Array): void {
    const bytes = this.#keptBytes + tail.length;
    if (this.#skippedBytes > 0 || bytes > this.#maxLineBytes) {
      this.#skippedBytes += bytes;
      this.#keptBytes = 0;
      return;
    }
    if (bytes > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(bytes, 2 * this.#buffer.length));
      larger.set(this.#buffer.subarray(0, this.#keptBytes));
      this.#buffer = larger;
    }
    this.#buffer.set(tail, this.#keptBytes);
    this.#keptBytes = bytes;
  }
}
