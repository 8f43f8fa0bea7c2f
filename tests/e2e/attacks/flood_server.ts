const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What floods: each call answers the next lines, without their ends. */
export type Flood = (round: number) => string[];

export interface FloodOptions {
  /** Lines that are sent to a new connection at once. */
  readonly greeting: readonly string[];
  readonly flood: Flood;
  /** False: what comes is not read once the flood has begun. */
  readonly reads?: boolean;
}

/** An IRC server that greets, waits for the word of a test, and then floods until it is left or the time is over. */
export class FloodServer implements AsyncDisposable {
  readonly #options: FloodOptions;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #serving: Promise<void>;
  #conn: Deno.TcpConn | null = null;
  #reads = true;
  sent = 0;
  /** The other side has ended the connection. */
  wasLeft = false;

  constructor(options: FloodOptions) {
    this.#options = options;
    this.#serving = this.#serve();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Floods for so long at most. */
  async flood(limitMs: number): Promise<void> {
    const conn = this.#conn;
    if (conn === null) throw new Error("Cannot flood: nobody is here");
    this.#reads = this.#options.reads ?? true;
    // A write that the other side takes no more of must end with the time as well.
    const over = setTimeout(() => tryClose(conn), limitMs);
    const untilMs = performance.now() + limitMs;
    try {
      for (let round = 0; performance.now() < untilMs; round++) {
        const lines = this.#options.flood(round).map((line) => `${line}\r\n`).join("");
        await write(conn, encoder.encode(lines));
        this.sent += lines.length;
        // The machine's other half must have its turn.
        if (round % 4 === 3) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } catch {
      this.wasLeft = performance.now() < untilMs - 50;
    } finally {
      clearTimeout(over);
      tryClose(conn);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    if (this.#conn !== null) tryClose(this.#conn);
    await this.#serving;
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      if (this.#conn !== null) {
        // Whoever comes again after the flood is told to stay away.
        await write(conn, encoder.encode("ERROR :Closing Link: no\r\n")).catch(() => {});
        tryClose(conn);
        continue;
      }
      this.#conn = conn;
      void this.#greet(conn);
    }
  }

  async #answer(conn: Deno.TcpConn, said: string): Promise<void> {
    for (const [, command, parameter = ""] of said.matchAll(/^(JOIN|PING) :?(\S+)/gm)) {
      const answer = command === "JOIN" ? entered(parameter) : `:s PONG s :${parameter}\r\n`;
      await write(conn, encoder.encode(answer));
    }
  }

  async #greet(conn: Deno.TcpConn): Promise<void> {
    const chunk = new Uint8Array(8_192);
    try {
      await write(
        conn,
        encoder.encode(this.#options.greeting.map((line) => `${line}\r\n`).join("")),
      );
      while (this.#reads) {
        const count = await conn.read(chunk);
        if (count === null) return;
        await this.#answer(conn, decoder.decode(chunk.subarray(0, count)));
      }
    } catch {
      // Closed.
    }
  }
}

/** What a server says to somebody who enters its channel. */
function entered(channel: string): string {
  return `:relay!relay@host.example JOIN ${channel}\r\n:s 353 relay = ${channel} :relay\r\n` +
    `:s 366 relay ${channel} :End\r\n`;
}

async function write(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

function tryClose(conn: Deno.TcpConn): void {
  try {
    conn.close();
  } catch {
    // It is.
  }
}
