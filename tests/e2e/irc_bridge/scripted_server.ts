import { type IrcLine, LineCutter, parseIrcLine } from "../../support/irc_line.ts";
import { Changes } from "../../support/wait.ts";
import type { TestIrcServer } from "../../support/irc_servers.ts";

export interface Script {
  /** Capabilities to offer, with values. */
  readonly caps?: readonly string[];
  /** Tokens of the 005 line. */
  readonly features?: string;
  /** Handles a line in place of the server's own answer; true when it did. */
  readonly onLine?: (line: IrcLine, server: ScriptedServer) => boolean | void;
  /** Default: plain text. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** The relay, as the server shows it. */
export const SELF = "relay!relay@host.example";

/** Everything that makes a line of ours known by its echo. */
export const FULL = ["message-tags", "server-time", "batch", "labeled-response", "echo-message"];

/** Echoes what is said as a server with echo-message does, RELAYMSG under the name that it bears. */
export function echo(line: IrcLine, server: ScriptedServer): boolean {
  const [target, name] = line.params;
  const isRelayed = line.command === "RELAYMSG";
  if (line.command !== "PRIVMSG" && !isRelayed) return false;
  const label = line.tags["label"] === undefined ? "" : `label=${line.tags["label"]};`;
  const [tag, who] = isRelayed ? ["draft/relaymsg=relay;", `${name}!r@r`] : ["", SELF];
  const tags = `${label}${tag}msgid=m${server.lines.length}`;
  server.send(`@${tags} :${who} PRIVMSG ${target} :${line.text}`);
  return true;
}

/** A small IRC server for one client, on a real socket, for answers that no server of the distribution gives. */
export class ScriptedServer implements AsyncDisposable {
  readonly host = "127.0.0.1";
  readonly port: number;
  readonly password = null;
  readonly lines: IrcLine[] = [];
  readonly #script: Script;
  readonly #listener: Deno.Listener<Deno.TcpConn | Deno.TlsConn>;
  readonly #changes = new Changes();
  readonly #serving: Promise<void>;
  readonly #encoder = new TextEncoder();
  #conn: Deno.Conn | null = null;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(script: Script = {}) {
    this.#script = script;
    const at = { hostname: "127.0.0.1", port: 0 };
    this.#listener = script.tls === undefined
      ? Deno.listen(at)
      : Deno.listenTls({ ...at, ...script.tls });
    this.port = (this.#listener.addr as Deno.NetAddr).port;
    this.#serving = this.#serve();
  }

  /** For `start`, which takes only host, port and password. */
  get asServer(): TestIrcServer {
    return this as unknown as TestIrcServer;
  }

  send(...lines: string[]): void {
    this.bytes(this.#encoder.encode(lines.map((line) => `${line}\r\n`).join("")));
  }

  bytes(bytes: Uint8Array): void {
    const conn = this.#conn;
    this.#writing = this.#writing.then(async () => {
      for (let sent = 0; conn !== null && sent < bytes.length;) {
        sent += await conn.write(bytes.subarray(sent));
      }
    }).catch(() => {});
  }

  /** Ends the connection once all has been written. */
  hangUp(): void {
    const conn = this.#conn;
    this.#writing = this.#writing.then(() => conn?.close()).catch(() => {});
  }

  waitFor(predicate: (line: IrcLine) => boolean, what: string): Promise<IrcLine> {
    return this.#changes.until(
      () => this.lines.find(predicate),
      what,
      undefined,
      () => this.lines.map((line) => line.raw).join("\n"),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    try {
      this.#conn?.close();
    } catch {
      // Closed before.
    }
    await this.#serving;
    await this.#writing;
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      this.#conn = conn;
      await this.#read(conn).catch(() => {});
    }
  }

  async #read(conn: Deno.Conn): Promise<void> {
    const cutter = new LineCutter();
    for await (const chunk of conn.readable) {
      for (const bytes of cutter.cut(chunk)) this.#handle(parseIrcLine(bytes, performance.now()));
    }
  }

  #handle(line: IrcLine): void {
    this.lines.push(line);
    this.#changes.notify();
    if (this.#script.onLine?.(line, this) === true) return;
    const [first = "", second = ""] = line.params;
    switch (line.command) {
      case "CAP":
        if (first === "LS") this.send(`CAP * LS :${(this.#script.caps ?? []).join(" ")}`);
        if (first === "REQ") this.send(`CAP * ACK :${second}`);
        if (first === "END") this.#welcome();
        return;
      case "PING":
        return this.send(`PONG server.example :${first}`);
      case "NAMES":
        return this.send(`:server.example 366 relay ${first} :End of /NAMES list.`);
      case "JOIN":
        for (const name of first.split(",")) {
          this.send(`:${SELF} JOIN ${name}`, `:server.example 353 relay = ${name} :relay alice`);
          this.send(`:server.example 366 relay ${name} :End`);
        }
        return;
      case "QUIT":
        this.send("ERROR :Closing link (Quit)");
        return this.hangUp();
    }
  }

  #welcome(): void {
    const features = this.#script.features ?? "CASEMAPPING=rfc1459 NICKLEN=30";
    this.send(":server.example 001 relay :Welcome relay!relay@host.example");
    this.send(
      `:server.example 005 relay ${features} :are supported`,
      ":server.example 422 relay :No MOTD",
    );
  }
}
