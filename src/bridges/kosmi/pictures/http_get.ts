import type { Socket } from "node:net";

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: AsyncIterable<Uint8Array>;
}

const LONGEST_LINE = 8_192;
const MOST_LINES = 100;
const LONGEST_CHUNK_LINE = 256;
/** A picture of 10 MiB in pieces of 200 bytes; smaller ones only cost time. */
const MOST_CHUNKS = 50_000;
/** 103 Early Hints and the like before the answer. */
const MOST_HINTS = 5;

/**
 * Asks for one page over a socket that was dialled before, and never uses the socket again. This little of HTTP is written
 * out because the clients of the runtime choose the address themselves, or can't take a socket in every version of it.
 * `mostBytes` is all that may come over the wire: heads, framing and body.
 */
export async function httpGet(
  socket: Socket,
  url: URL,
  headers: Readonly<Record<string, string>>,
  mostBytes: number,
): Promise<HttpAnswer> {
  const reader = new ByteReader(socket, mostBytes);
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  let head = await readHead(reader);
  for (let hints = 0; head.status < 200; hints++) {
    if (hints === MOST_HINTS) throw new Error("its answer does not come");
    head = await readHead(reader);
  }
  return { ...head, body: bodyOf(reader, head.headers) };
}

async function readHead(reader: ByteReader): Promise<Omit<HttpAnswer, "body">> {
  const status = Number(/^HTTP\/1\.[01] (\d{3})\b/.exec(await reader.line(LONGEST_LINE))?.[1]);
  if (Number.isNaN(status)) throw new Error("its answer is odd");
  const headers = new Map<string, string>();
  for (let count = 0; count < MOST_LINES; count++) {
    const line = await reader.line(LONGEST_LINE);
    if (line === "") return { status, headers };
    const [, name = "", value = ""] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? [];
    headers.set(name.toLowerCase(), value);
  }
  throw new Error("its answer is odd");
}

function bodyOf(
  reader: ByteReader,
  headers: ReadonlyMap<string, string>,
): AsyncIterable<Uint8Array> {
  if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return chunked(reader);
  const length = headers.get("content-length");
  if (length === undefined) return reader.rest();
  return reader.take(/^\d{1,15}$/.test(length) ? Number(length) : 0);
}

async function* chunked(reader: ByteReader): AsyncGenerator<Uint8Array, void> {
  for (let count = 0; count < MOST_CHUNKS; count++) {
    const size = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec((await reader.line(LONGEST_CHUNK_LINE)).trim())
      ?.[1];
    if (size === undefined) throw new Error("its answer is odd");
    if (Number.parseInt(size, 16) === 0) return;
    yield* reader.take(Number.parseInt(size, 16));
    await reader.line(LONGEST_CHUNK_LINE);
  }
  throw new Error("its answer is odd");
}

/** Reads lines and counted bytes from what comes in pieces. Every read rejects when the source breaks off. */
class ByteReader {
  readonly #source: AsyncIterator<unknown>;
  #held: Uint8Array = new Uint8Array();
  #left: number;

  constructor(source: AsyncIterable<unknown>, mostBytes: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#left = mostBytes;
  }

  /** The next line without its end; rejects when it is longer than `most` bytes. */
  async line(most: number): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf(10);
      if (end > most || (end < 0 && this.#held.length > most)) throw new Error("its answer is odd");
      if (end >= 0) {
        const line = new TextDecoder("latin1").decode(this.#held.subarray(0, end));
        this.#held = this.#held.subarray(end + 1);
        return line.replace(/\r$/, "");
      }
      if (!await this.#more()) throw new Error("it broke off");
    }
  }

  /** The next `count` bytes, in pieces. */
  async *take(count: number): AsyncGenerator<Uint8Array, void> {
    let left = count;
    while (left > 0) {
      if (this.#held.length === 0 && !await this.#more()) throw new Error("it broke off");
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  /** All until the end, in pieces. */
  async *rest(): AsyncGenerator<Uint8Array, void> {
    do {
      const piece = this.#held;
      this.#held = new Uint8Array();
      if (piece.length > 0) yield piece;
    } while (await this.#more());
  }

  async #more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) return false;
    if (!(next.value instanceof Uint8Array)) throw new Error("Cannot read: no bytes came");
    this.#left -= next.value.length;
    if (this.#left < 0) throw new Error("its answer is far longer than a picture");
    const joined = new Uint8Array(this.#held.length + next.value.length);
    joined.set(this.#held);
    joined.set(next.value, this.#held.length);
    this.#held = joined;
    return true;
  }
}
