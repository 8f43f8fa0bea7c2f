import type { ReceivedLine } from "../sandbox/irc/irc_sandbox.ts";
import type { KosmiSandbox } from "../sandbox/kosmi/mod.ts";
import { CANARY } from "./nasty_text.ts";

/** Commands that the relay has a reason to send. */
const OURS =
  /^(?:CAP|PASS|NICK|USER|JOIN|PART|PRIVMSG|NOTICE|PING|PONG|WHO|WHOIS|MODE|NAMES|AUTHENTICATE|CHATHISTORY|REDACT|TAGMSG|TOPIC|QUIT|USERHOST|ISON|MONITOR)$/;
/** Of these the text is people's; all before it is ours. */
const WITH_TEXT = /^(?:PRIVMSG|NOTICE|TOPIC|PONG|TAGMSG)$/;

/** Faults that nobody caught, secrets and injected commands, as they are found. Each kind of finding is kept once. */
export class Watch implements Disposable {
  readonly #secrets: readonly string[];
  readonly #findings = new Map<string, string>();
  readonly #onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    this.#find("unhandled rejection", describe(event.reason));
  };
  readonly #onError = (event: ErrorEvent) => {
    event.preventDefault();
    this.#find("uncaught error", describe(event.error));
  };

  constructor(secrets: readonly string[]) {
    this.#secrets = secrets;
    globalThis.addEventListener("unhandledrejection", this.#onRejection);
    globalThis.addEventListener("error", this.#onError);
  }

  get findings(): readonly string[] {
    return [...this.#findings.values()];
  }

  /** Something went wrong that only the one who runs it can see. */
  find(kind: string, what: string): void {
    this.#find(kind, what);
  }

  logLine(line: string): void {
    const secret = this.#secrets.find((secret) => line.includes(secret));
    if (secret !== undefined) this.#find(`secret in the log ${line.slice(0, 60)}`, line);
    if (/internal error, please report it/.test(line)) this.#find("unexpected fault", line);
  }

  ircLine({ line }: ReceivedLine): void {
    const bare = line.replace(/^@\S+ +/, "");
    const [command = "", ...params] = bare.split(" ");
    if (/[\r\n\0]/.test(line)) this.#find("line break in an IRC line", line);
    if (!OURS.test(command)) this.#find(`unknown command ${command}`, line);
    const head = WITH_TEXT.test(command) ? params[0] ?? "" : bare;
    if (command !== "PONG" && head.toLowerCase().includes(CANARY)) {
      this.#find(`injected ${command}`, line);
    }
    // A PONG repeats what the server itself said.
    const isTheirs = /^(?:PASS|AUTHENTICATE|PONG)$/.test(command);
    if (!isTheirs && this.#secrets.some((secret) => line.includes(secret))) {
      this.#find("secret said in IRC", line);
    }
  }

  kosmiOperations(kosmi: KosmiSandbox, since: number): void {
    for (const entry of kosmi.log()) {
      if (entry.atMs < since || entry.kind !== "operation") continue;
      if (entry.query.includes(CANARY)) this.#find("text in a GraphQL document", entry.query);
      const said = JSON.stringify(entry.variables);
      if (this.#secrets.some((secret) => said.includes(secret))) {
        this.#find("secret said in Kosmi", said);
      }
    }
  }

  #find(kind: string, what: string): void {
    if (!this.#findings.has(kind)) this.#findings.set(kind, `${kind}: ${what.slice(0, 600)}`);
  }

  [Symbol.dispose](): void {
    globalThis.removeEventListener("unhandledrejection", this.#onRejection);
    globalThis.removeEventListener("error", this.#onError);
  }
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.stack ?? thrown.message : String(thrown);
}
