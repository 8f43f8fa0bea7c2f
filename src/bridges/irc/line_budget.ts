import { byteLength } from "../../base/text.ts";
import type { ServerFeatures } from "./isupport.ts";
import type { Self } from "./self.ts";

/** Less than this is not worth a line; a server that leaves no more room cuts. */
const LEAST_TEXT_BYTES = 64;

/** How long lines may be on this connection. */
export class LineBudget {
  readonly #features: ServerFeatures;
  readonly #self: Self;

  constructor(features: ServerFeatures, self: Self) {
    this.#features = features;
    this.#self = self;
  }

  /** Bytes that the server takes in a line, CRLF included, tags not. */
  get lineBytes(): number {
    return Math.max(this.#features.number("LINELEN", 512), 512);
  }

  /** Bytes that a topic may have; null where the server has not told. */
  get topicBytes(): number | null {
    return this.#features.has("TOPICLEN") ? this.#features.number("TOPICLEN", 300) : null;
  }

  /** Bytes that the text of one PRIVMSG may have so that nobody gets it cut: the server adds our name before it. */
  textBytes(channelName: string): number {
    const frame = byteLength(`PRIVMSG ${channelName} :\r\n`) + this.#self.prefixBytes;
    return Math.max(this.lineBytes - frame, LEAST_TEXT_BYTES);
  }
}
