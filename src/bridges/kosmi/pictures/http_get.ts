import type { Socket } from "node:net";
import { ByteReader } from "./byte_reader.ts";

export interface HttpAnswer {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: AsyncIterable<Uint8Array>;
}

const LONGEST_LINE = 16_384;
const MOST_LINES = 200;

/**
 * Asks for one page over a socket that was dialled before, and never uses the socket again. This little of HTTP is written
 * out because the clients of the runtime choose the address themselves, or can't take a socket in every version of it.
 */
export async function httpGet(
  socket: Socket,
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<HttpAnswer> {
  const reader = new ByteReader(socket);
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    "Connection: close",
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  let head = await readHead(reader);
  // What comes before the answer: 103 Early Hints.
  while (head.status < 200) head = await readHead(reader);
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
  for (;;) {
    const size = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec((await reader.line(LONGEST_LINE)).trim())?.[1];
    if (size === undefined) throw new Error("its answer is odd");
    if (Number.parseInt(size, 16) === 0) return;
    yield* reader.take(Number.parseInt(size, 16));
    await reader.line(LONGEST_LINE);
  }
}
