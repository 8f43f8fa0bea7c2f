import type { ChannelRefusal } from "../../../relay/port/bridge.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import { type IrcMessage, lastParam, param } from "../wire/message.ts";

/** What was seen of a channel. */
export type ChannelFinding =
  | { readonly kind: "refused"; readonly numeric: string; readonly refusal: ChannelRefusal }
  | { readonly kind: "silent" }
  | ChannelFacts;

export interface ChannelFacts {
  readonly kind: "in";
  /** As the server writes it. */
  readonly name: string;
  /** Letters of the channel's modes, such as "nt"; null where the server did not tell. */
  readonly modes: string | null;
  /** Signs before our own nick in the list of names: "@" operator, "+" voice … */
  readonly ownSigns: string;
  /** The same of another nick; null when it is not in the channel. */
  readonly signsOf: (nick: string) => string | null;
  /** Masks of the ban list, and of the list of muted masks where the server has one. */
  readonly bans: readonly string[];
}

/** Gathers what the server says of one channel that is being entered. */
export class ChannelNotes {
  readonly #features: ServerFeatures;
  readonly #names = new Map<string, string>();
  readonly #bans: string[] = [];
  #modes: string | null = null;
  #name: string;

  constructor(features: ServerFeatures, name: string) {
    this.#features = features;
    this.#name = name;
  }

  get name(): string {
    return this.#name;
  }

  isAbout(name: string): boolean {
    return this.#features.fold(name) === this.#features.fold(this.#name);
  }

  /** Takes what belongs to the channel; all else is left alone. */
  hear(message: IrcMessage): void {
    switch (message.command) {
      case "353":
        if (this.isAbout(param(message, 2))) this.#addNames(lastParam(message));
        return;
      case "324":
        if (!this.isAbout(param(message, 1))) return;
        this.#name = param(message, 1);
        this.#modes = param(message, 2).replace(/[^A-Za-z]/g, "");
        return;
      case "367":
        if (this.isAbout(param(message, 1))) this.#bans.push(param(message, 2));
        return;
      case "728":
        // Solanum's list of muted masks: channel, letter, mask.
        if (this.isAbout(param(message, 1))) this.#bans.push(param(message, 3));
    }
  }

  facts(ownNick: string): ChannelFacts {
    return {
      kind: "in",
      name: this.#name,
      modes: this.#modes,
      ownSigns: this.#signsOf(ownNick) ?? "",
      signsOf: (nick) => this.#signsOf(nick),
      bans: [...this.#bans],
    };
  }

  #signsOf(nick: string): string | null {
    return this.#names.get(this.#features.fold(nick)) ?? null;
  }

  #addNames(list: string): void {
    const signs = this.#features.prefixSigns;
    for (const entry of list.split(" ")) {
      let at = 0;
      while (at < entry.length && signs.includes(entry.charAt(at))) at++;
      const nick = entry.slice(at).split("!")[0] ?? "";
      if (nick !== "") this.#names.set(this.#features.fold(nick), entry.slice(0, at));
    }
  }
}
