import assert from "node:assert/strict";
import {
  type HttpConn,
  HttpPort,
  StreamResponse,
  UpgradeResponse,
} from "../../../src/base/http_port.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** A connection on which somebody says these pieces, and then ends or stays. */
class Said implements HttpConn {
  readonly over = Promise.withResolvers<void>();
  sent = "";
  closes = 0;
  #pieces: string[];
  #ends: boolean;

  constructor(pieces: readonly string[], ends: boolean) {
    this.#pieces = [...pieces];
    this.#ends = ends;
  }

  async read(into: Uint8Array): Promise<number | null> {
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      const { read } = new TextEncoder().encodeInto(piece, into);
      if (read < piece.length) this.#pieces.unshift(piece.slice(read));
      return read;
    }
    if (this.#ends) return null;
    await this.over.promise;
    throw new Deno.errors.Interrupted("closed");
  }

  write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, 7);
    this.sent += new TextDecoder("latin1").decode(taken);
    return Promise.resolve(taken.length);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.closes++;
    this.over.resolve();
  }
}

async function echo(request: Request): Promise<Response> {
  const { host, pathname } = new URL(request.url);
  return new Response(`${request.method} ${host} ${pathname} ${await request.text()}`);
}

interface Served {
  readonly status: number;
  readonly body: string;
  readonly faults: readonly unknown[];
  readonly conn: Said;
  readonly clock: FakeClock;
}

/** What one connection is answered; `during` runs while it is served. */
async function serve(
  pieces: readonly string[],
  more: {
    readonly ends?: boolean;
    readonly handle?: (request: Request) => Response | Promise<Response>;
    readonly during?: (clock: FakeClock, conn: Said) => Promise<void>;
  } = {},
): Promise<Served> {
  const conn = new Said(pieces, more.ends ?? true);
  const clock = new FakeClock();
  const faults: unknown[] = [];
  const port = new HttpPort({
    handle: more.handle ?? echo,
    onFault: (thrown) => faults.push(thrown),
    clock,
    limits: { headBytes: 200, bodyBytes: 10 },
  });
  const waiting = [conn];
  const accept = async () => {
    const next = waiting.shift();
    if (next !== undefined) return next;
    await conn.over.promise;
    throw new Deno.errors.BadResource("closed");
  };
  const serving = port.serve({ accept });
  await more.during?.(clock, conn);
  await serving;
  const [head = "", body = ""] = conn.sent.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1] ?? 0), body, faults, conn, clock };
}

const GET = "GET /a HTTP/1.1\r\nhost: x.test\r\n";

Deno.test("HttpPort answers what is a request, and says of each other what is wrong", async () => {
  const post = (length: string, body: string) =>
    `POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n${body}`;
  const cases: readonly (readonly [text: string, status: number, said: string])[] = [
    [`${GET}\r\n`, 200, "GET x.test /a "],
    [`${GET.replace("1.1", "1.0")}\r\n`, 200, "GET x.test /a "],
    [post("2", "hi"), 200, "POST x /a hi"],
    [post("9", "123456789"), 200, "POST x /a 123456789"],
    [post("10", "1234567890"), 200, "POST x /a 1234567890"],
    [post("11", "12345678901"), 413, "too long"],
    [post("2", "hi there"), 200, "POST x /a hi"],
    [post("3", "hi"), 400, "cut off"],
    [post("0", ""), 200, "POST x /a "],
    [post("-1", ""), 400, "no length"],
    [post("1e1", ""), 400, "no length"],
    [`${GET}content-length: 2\r\n\r\nhi`, 200, "GET x.test /a "],
    [`${GET}transfer-encoding: chunked\r\n\r\n`, 411, "must be told"],
    [GET, 400, "cut off"],
    ["", 0, ""],
    ["hello\r\n\r\n", 400, "no HTTP request"],
    ["GET /a HTTP/2\r\n\r\n", 400, "no HTTP request"],
    [`${GET.replace("GET", "BREW")}\r\n`, 405, "no such method"],
    ["GET /a HTTP/1.1\r\n\r\n", 400, "no address"],
    ["GET //a HTTP/1.1\r\nhost: x\r\n\r\n", 400, "no address"],
    ["GET a HTTP/1.1\r\nhost: x\r\n\r\n", 400, "no address"],
    ["GET /a HTTP/1.1\r\nhost: x y\r\n\r\n", 400, "no address"],
    [`${GET}host: y\r\n\r\n`, 400, "header that is none"],
    [`${GET}a b: c\r\n\r\n`, 400, "header that is none"],
    [`${GET}a: b\x00\r\n\r\n`, 400, "header that is none"],
    [`${GET}a: b\r\na: c\r\n\r\n`, 200, "GET x.test /a "],
  ];
  for (const [text, status, said] of cases) {
    for (const pieces of [[text], [...text]]) {
      const got = await serve(pieces);
      assert.equal(got.status, status, JSON.stringify(text));
      assert.ok(got.body.includes(said), got.body);
      assert.deepEqual([got.conn.closes, got.clock.sleeps, got.faults], [1, [], []]);
    }
  }
});

Deno.test("HttpPort reads a head of just so many bytes", async () => {
  const head = (length: number) => `${GET}a: ${"x".repeat(length - GET.length - 3)}\r\n\r\n`;
  for (const [length, status] of [[199, 200], [200, 200], [201, 431]] as const) {
    assert.equal((await serve([head(length)])).status, status, `${length}`);
  }
  assert.equal((await serve([...head(197)])).status, 200);
  assert.equal((await serve([...head(201)])).status, 431);
  assert.equal((await serve(["x".repeat(300)])).status, 431, "a head without end");
});

Deno.test("HttpPort says that it could not answer, and tells of the fault", async () => {
  const fault = new Error("no");
  const handle = () => {
    throw fault;
  };
  const { status, faults } = await serve([`${GET}\r\n`], { handle });
  assert.deepEqual([status, faults], [500, [fault]]);
});

Deno.test("HttpPort ends a request that takes ten seconds, and lingers for one", async () => {
  const slow = await serve([GET], {
    ends: false,
    during: async (clock, conn) => {
      await clock.advance(9_999);
      assert.equal(conn.closes, 0);
      await clock.advance(1);
      assert.equal(conn.closes, 1);
    },
  });
  assert.deepEqual([slow.status, slow.clock.sleeps], [0, []]);
  const staying = await serve([`${GET}\r\n`], {
    ends: false,
    during: async (clock, conn) => {
      await clock.advance(999);
      assert.equal(conn.closes, 0);
      await clock.advance(1);
      assert.equal(conn.closes, 1);
    },
  });
  assert.equal(staying.status, 200);
});

Deno.test("HttpPort writes a stream piece by piece, and hands an upgraded connection over", async () => {
  const handle = () => {
    const body = ReadableStream.from(["one ", "two"]).pipeThrough(new TextEncoderStream());
    return new StreamResponse(body, { headers: { "content-type": "x/y", "connection": "keep" } });
  };
  const { conn, body } = await serve([`${GET}\r\n`], {
    ends: false,
    handle,
    during: async (clock) => await clock.advance(0),
  });
  assert.equal(body, "one two");
  assert.equal(conn.sent.includes("content-length"), false);
  assert.equal(
    conn.sent.match(/^(?:connection|content-type): .*$/gm)?.join(),
    "connection: close,content-type: x/y",
  );
  let rest = "";
  const upgrade = () =>
    new UpgradeResponse((_conn, bytes) => {
      rest = new TextDecoder().decode(bytes);
      return Promise.resolve();
    });
  const upgraded = await serve([`${GET}\r\nmore`], { handle: upgrade });
  assert.deepEqual([rest, upgraded.conn.sent, upgraded.conn.closes], ["more", "", 1]);
});

Deno.test("HttpPort gives the place of the oldest that has not asked to one more, and ends all at the end", async () => {
  const quiet = ["first", "second"].map(() => new Said([], false));
  const asked = ["third", "fourth", "fifth"].map(() => new Said([`${GET}\r\n`], false));
  const closed = Promise.withResolvers<void>();
  const clock = new FakeClock();
  const port = new HttpPort({
    handle: () => new Promise(() => {}),
    onFault: () => {},
    clock,
    limits: { connections: 2 },
  });
  const waiting = [...quiet, ...asked];
  let next = Promise.withResolvers<void>();
  const accept = async () => {
    await Promise.race([next.promise, closed.promise]);
    next = Promise.withResolvers();
    const conn = waiting.shift();
    if (conn === undefined) throw new Deno.errors.BadResource("closed");
    return conn;
  };
  const serving = port.serve({ accept });
  const expected = [[0, 0, 0, 0, 0], [0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [
    ...[1, 1, 0, 0, 1],
  ]];
  for (const closes of expected) {
    next.resolve();
    await clock.advance(0);
    assert.deepEqual([...quiet, ...asked].map((conn) => conn.closes), closes);
  }
  assert.deepEqual(clock.sleeps, []);
  closed.resolve();
  await clock.advance(0);
  assert.deepEqual([...quiet, ...asked].map((conn) => conn.closes), [1, 1, 1, 1, 1]);
  void serving;
});
