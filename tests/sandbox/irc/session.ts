import type net from "node:net";
import { TokenBucket } from "../../../src/base/token_bucket.ts";
import { LineReader, type ReadLine } from "./line_reader.ts";
import { Message } from "./message.ts";
import type { IrcServerOptions } from "./options.ts";
import { User, type UserLink } from "./user.ts";
import { type ClientLine, parseClientLine, toWire, type Wire } from "./wire.ts";

/** What a session needs of its server. */
export interface SessionHost {
  readonly serverName: string;
  readonly options: IrcServerOptions;
  readonly nowMs: () => number;
  /** A line came and may be handled now. */
  handle(session: Session, line: ClientLine): void;
  /** For the record of what clients sent. */
  received(session: Session, line: Wire): void;
  sent(bytes: number): void;
  nextId(): string;
  /** The connection is over; called once. */
  ended(session: Session, reason: Wire): void;
}

/** A message of several lines that a client is sending. */
export interface Multiline {
  readonly reference: string;
  readonly target: Wire;
  readonly opening: ClientLine;
  readonly lines: { readonly text: Wire; readonly concat: boolean }[];
}

interface Response {
  readonly message: Message;
  readonly batch: string | undefined;
}

/** Unsent bytes after which a client is given up ("SendQ exceeded"), as real servers do. */
const SEND_QUEUE_BYTES = 16 * 1_048_576;
/** A client that does not take our goodbye is cut off. */
const GOODBYE_MS = 2_000;

/** One client's connection: lines in, lines out, pace, labels. */
export class Session implements UserLink {
  readonly user: User;
  readonly caps = new Set<string>();
  readonly openedAtMs: number;
  lastHeardAtMs: number;
  /** True between CAP LS or REQ and CAP END: the welcome waits. */
  negotiating = false;
  capVersion = 0;
  password: Wire | null = null;
  /** Of the SASL exchange that is under way. */
  saslMechanism: string | null = null;
  saslResponse: Wire = "";
  /** USER was sent. */
  hasUser = false;
  /** The welcome is on its way. */
  welcoming = false;
  multiline: Multiline | null = null;
  /** A PING of ours that was not answered yet. */
  pinged = false;
  readonly #socket: net.Socket;
  readonly #host: SessionHost;
  readonly #reader = new LineReader();
  readonly #bucket: TokenBucket | null;
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #waiting: ReadLine[] = [];
  #waitingBytes = 0;
  #pumping = false;
  #out: Wire = "";
  #flushing = false;
  #stalled = false;
  #over = false;
  #responses: Response[] | null = null;
  #mute = false;

  constructor(socket: net.Socket, host: SessionHost) {
    this.#socket = socket;
    this.#host = host;
    this.openedAtMs = this.lastHeardAtMs = host.nowMs();
    const { clientHost = "sandbox.example.test", flood } = host.options;
    this.user = new User(this, clientHost, this.openedAtMs);
    this.#bucket = flood === undefined ? null : new TokenBucket(
      { capacity: flood.burst, refillMs: 1_000 / flood.linesPerSecond },
      performance.now(),
    );
    socket.setNoDelay(true);
    // Without an encoding the chunks are bytes; only the type of `on` does not know it.
    socket.on("data", (chunk) => typeof chunk === "string" || this.#read(chunk));
    socket.on("error", () => {});
    socket.on("close", () => this.#end("Connection closed"));
    socket.on("end", () => this.close("Client closed the connection"));
  }

  get over(): boolean {
    return this.#over;
  }

  send(message: Message, batch?: string): void {
    if (this.#responses !== null) this.#responses.push({ message, batch });
    else this.#write(message.line(this.caps, { batch }));
  }

  /** Bytes as they are: no limit, no encoding, no CRLF added. */
  sendRaw(bytes: Uint8Array): void {
    this.#write(toWire(bytes));
  }

  /** Nothing of what is under way is acknowledged: as if the answer had been lost. */
  muteAnswer(): void {
    this.#mute = true;
  }

  /** Nothing is read or sent; the connection stays. */
  stall(): void {
    this.#stalled = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#stalled = false;
    this.#socket.resume();
    this.#flush();
  }

  /** Runs later unless the connection is over by then. */
  after(waitMs: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, waitMs);
    this.#timers.add(timer);
  }

  close(reason: Wire): void {
    if (this.#over) return;
    const { user, host } = this.user;
    this.#responses = null;
    this.#write(`ERROR :Closing link: (${user}@${host}) [${reason}]\r\n`);
    this.#flush();
    this.#end(reason);
    this.#socket.end();
    const timer = setTimeout(() => this.#socket.destroy(), GOODBYE_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  cut(how: "rst" | "fin"): void {
    this.#end("Connection reset by peer");
    if (how === "rst") this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }

  #read(chunk: Uint8Array): void {
    if (this.#over) return;
    this.lastHeardAtMs = this.#host.nowMs();
    this.pinged = false;
    for (const line of this.#reader.read(toWire(chunk))) {
      this.#waiting.push(line);
      this.#waitingBytes += line.text.length + 2;
    }
    if (!this.#pumping) this.#pump();
    const { recvQ = 8192 } = this.#host.options.flood ?? {};
    if (this.#pumping && this.#waitingBytes > recvQ) this.close("RecvQ exceeded");
  }

  /** Handles what came, as quickly as the pace allows. */
  #pump(): void {
    this.#pumping = false;
    const lines = this.#waiting;
    let handled = 0;
    while (handled < lines.length && !this.#over) {
      const line = lines[handled];
      if (line === undefined) break;
      const waitMs = this.#bucket?.take(performance.now()) ?? 0;
      handled++;
      this.#waitingBytes -= line.text.length + 2;
      if (waitMs > 0 && this.#host.options.flood?.action === "kill") {
        this.close("Excess Flood");
      } else if (waitMs > 0) {
        this.#pumping = true;
        this.after(waitMs, () => {
          this.#take(line);
          this.#pump();
        });
        break;
      } else this.#take(line);
    }
    this.#waiting = lines.slice(handled);
  }

  #take(line: ReadLine): void {
    if (this.#over) return;
    this.#host.received(this, line.text);
    const { longLines = "truncate" } = this.#host.options;
    if (line.tooLong && longLines === "close") return this.close("Request too long");
    if (line.tooLong && longLines === "refuse") {
      const text = `417 ${this.user.nick} :Input line was too long`;
      return this.send(new Message(this.#host.serverName, text));
    }
    const parsed = parseClientLine(line.text);
    if (parsed !== null) this.#handle(parsed);
  }

  #handle(line: ClientLine): void {
    // What ends a batch is answered under the label of what began it.
    const labelled = line.command === "BATCH" ? this.multiline?.opening ?? line : line;
    const label = this.caps.has("labeled-response") ? labelled.tags.get("label") : undefined;
    if (label === undefined) return this.#host.handle(this, line);
    this.#responses = [];
    this.#mute = false;
    this.#host.handle(this, line);
    const responses = this.#responses;
    this.#responses = null;
    if (responses !== null && !this.#mute) this.#answerLabelled(label, responses);
  }

  #answerLabelled(label: Wire, responses: readonly Response[]): void {
    const [first] = responses;
    const server = this.#host.serverName;
    if (first === undefined) {
      this.#write(new Message(server, "ACK").line(this.caps, { label }));
    } else if (responses.length === 1) {
      this.#write(first.message.line(this.caps, { label, batch: first.batch }));
    } else {
      const outer = this.#host.nextId();
      const begin = new Message(server, `BATCH +${outer} labeled-response`);
      this.#write(begin.line(this.caps, { label }));
      for (const { message, batch = outer } of responses) {
        this.#write(message.line(this.caps, { batch }));
      }
      this.#write(new Message(server, `BATCH -${outer}`).line(this.caps));
    }
  }

  #write(line: Wire): void {
    if (this.#over) return;
    this.#out += line;
    if (this.#out.length > SEND_QUEUE_BYTES) return this.cut("rst");
    if (this.#flushing) return;
    this.#flushing = true;
    // All that one turn writes leaves in one packet.
    queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#stalled || this.#out === "") return;
    const out = this.#out;
    this.#out = "";
    this.#host.sent(out.length);
    this.#socket.write(out, "latin1");
    if (this.#socket.writableLength > SEND_QUEUE_BYTES) this.cut("rst");
  }

  #end(reason: Wire): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting = [];
    this.#host.ended(this, reason);
  }
}
