import { HeldTexts, type Holdings } from "../../../base/bounded.ts";
import { type IrcMessage, lastParam, type OutLine, param } from "../wire/message.ts";

// Nothing is asked for without need: ngircd lets a client send three commands a second, and offers multi-prefix only.
const WANTED: ReadonlySet<string> = new Set([
  "account-notify",
  "account-tag",
  "batch",
  "cap-notify",
  "chghost",
  "draft/channel-rename",
  "draft/chathistory",
  "draft/event-playback",
  "draft/message-redaction",
  "draft/multiline",
  "draft/relaymsg",
  "echo-message",
  "extended-join",
  "labeled-response",
  "message-tags",
  "sasl",
  "server-time",
  "setname",
  "standard-replies",
  "userhost-in-names",
  "znc.in/server-time-iso",
]);

/** Capabilities that would change what we get without our being able to use it. */
interface CapabilityChoice {
  readonly sasl: boolean;
  readonly relayMsg: boolean;
  /** Asks for nothing but these; null: for all that we know. */
  readonly only: ReadonlySet<string> | null;
}

/**
 * Capability negotiation. All that the server offers and we want goes into one request; when that is refused, each
 * is asked for alone, because one that the server does not like makes it refuse the whole line.
 */
export class Capabilities {
  readonly enabled = new Set<string>();
  readonly #offered: HeldTexts;
  readonly #send: (line: OutLine) => void;
  readonly #choice: CapabilityChoice;
  readonly #negotiated: () => void;
  readonly #listedAll: (offered: Pick<HeldTexts, "get">) => boolean;
  /** SASL was granted after the negotiation: services are back. */
  readonly #saslIsBack: () => void;
  #pending = 0;
  #listed = false;
  #done = false;

  constructor(
    choice: CapabilityChoice,
    send: (line: OutLine) => void,
    negotiated: () => void,
    /** All that is offered is known; false ends the negotiation before anything is asked for. */
    listedAll: (offered: Pick<HeldTexts, "get">) => boolean = () => true,
    held: Holdings | null = null,
    saslIsBack: () => void = () => {},
  ) {
    this.#offered = new HeldTexts("capabilities", held);
    this.#choice = choice;
    this.#send = send;
    this.#negotiated = negotiated;
    this.#listedAll = listedAll;
    this.#saslIsBack = saslIsBack;
  }

  /** Tags of clients (`+draft/react`) come with all other tags. */
  has(name: string): boolean {
    return this.enabled.has(name.startsWith("+") ? "message-tags" : name);
  }

  /** Value of an offered capability (`sasl=PLAIN,EXTERNAL`); null when it is not offered. */
  offered(name: string): string | null {
    return this.#offered.get(name) ?? null;
  }

  /** Names of all that is offered. */
  offers(): Iterable<string> {
    return this.#offered.names();
  }

  handle(message: IrcMessage): void {
    const names = lastParam(message).split(" ").filter((name) => name !== "");
    switch (param(message, 1).toUpperCase()) {
      case "LS":
        return this.#list(names, param(message, 2) === "*");
      case "NEW":
        return this.#appeared(names);
      case "ACK":
        return this.#answered(names, true);
      case "NAK":
        return this.#answered(names, false);
      case "DEL":
        return names.forEach((name) => this.#gone(name));
    }
  }

  #list(written: readonly string[], more: boolean): void {
    this.#note(written);
    if (more || this.#listed) return;
    this.#listed = true;
    if (!this.#listedAll(this.#offered)) return;
    this.#request([...this.#offered.names()].filter((name) => this.#wants(name)));
    this.#settle();
  }

  #appeared(written: readonly string[]): void {
    this.#note(written);
    const names = written.map(nameOf).filter((name) => this.#wants(name));
    this.#request(names.filter((name) => !this.enabled.has(name)));
  }

  #answered(names: readonly string[], granted: boolean): void {
    this.#pending--;
    for (const name of names) {
      if (name.startsWith("-")) this.enabled.delete(name.slice(1));
      else if (granted && this.#offered.has(nameOf(name))) this.enabled.add(nameOf(name));
    }
    if (!granted && names.length > 1) {
      for (const name of names.map(nameOf)) if (this.#wants(name)) this.#request([name]);
    }
    if (granted && this.#done && names.some((name) => nameOf(name) === "sasl")) this.#saslIsBack();
    this.#settle();
  }

  #gone(name: string): void {
    this.#offered.delete(name);
    this.enabled.delete(name);
  }

  #note(written: readonly string[]): void {
    for (const entry of written) {
      const [name = "", ...value] = entry.split("=");
      this.#offered.set(name, value.join("="));
    }
  }

  #wants(name: string): boolean {
    if (this.#choice.only !== null) return this.#choice.only.has(name);
    if (name === "sasl") return this.#choice.sasl;
    if (name === "draft/relaymsg") return this.#choice.relayMsg;
    return WANTED.has(name);
  }

  #request(names: readonly string[]): void {
    if (names.length === 0) return;
    this.#pending++;
    this.#send({ command: "CAP", params: ["REQ", names.join(" ")] });
  }

  #settle(): void {
    if (!this.#listed || this.#pending > 0 || this.#done) return;
    this.#done = true;
    this.#negotiated();
  }
}

function nameOf(entry: string): string {
  return entry.split("=")[0] ?? entry;
}
