import type { ProxyEvent } from "../../support/fault_proxy.ts";

/** A line that passed between relay and IRC server, when it was handed to the receiving socket. */
export interface TappedLine {
  readonly way: "toServer" | "toClient";
  readonly atMs: number;
  readonly text: string;
}

/** One connection of the relay as the proxy saw it. */
export interface TappedLink {
  readonly lines: TappedLine[];
  /** When both ends were closed; a killed relay's end is earlier. */
  endMs: number;
}

/** Hears what really passed between the relay and the IRC server: the only honest witness of what the relay could know. */
export class IrcTap {
  readonly links = new Map<number, TappedLink>();
  readonly #rest = new Map<string, string>();
  readonly #decoders = new Map<string, TextDecoder>();

  readonly hear = (event: ProxyEvent): void => {
    if (event.kind === "open") {
      this.links.set(event.link, { lines: [], endMs: Infinity });
      return;
    }
    const link = this.links.get(event.link);
    if (link === undefined) return;
    if (event.kind === "end") link.endMs = performance.now();
    else this.#cut(link, event);
  };

  #cut(link: TappedLink, { link: number, way, bytes }: Extract<ProxyEvent, { kind: "bytes" }>) {
    const key = `${number} ${way}`;
    const decoder = this.#decoders.get(key) ?? new TextDecoder();
    this.#decoders.set(key, decoder);
    const text = (this.#rest.get(key) ?? "") + decoder.decode(bytes, { stream: true });
    const lines = text.split(/\r?\n/);
    this.#rest.set(key, lines.pop() ?? "");
    const atMs = performance.now();
    for (const line of lines) link.lines.push({ way, atMs, text: line });
  }
}
