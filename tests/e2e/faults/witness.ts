import type { FaultRecord } from "./fault_record.ts";
import type { TappedLine, TappedLink } from "./irc_tap.ts";
import { type Mark, marksIn } from "./numbered.ts";
import type { IrcPlace } from "./irc_place.ts";

/**
 * A line counts as read when the relay lived so long after it was handed to its socket. What came later than that
 * before a sudden end may have been in the socket's buffer, which dies with it.
 */
const READ_WITHIN_MS = 1_000;

interface Passage {
  readonly link: TappedLink;
  readonly at: number;
  readonly line: TappedLine;
}

/** Tells what the relay could know of the IRC side, from what really passed on its connections. */
export class Witness {
  readonly #links: readonly TappedLink[];
  readonly #records: readonly FaultRecord[];
  readonly #remembers: boolean;
  readonly #history: boolean;

  constructor(
    links: readonly TappedLink[],
    records: readonly FaultRecord[],
    place: Pick<IrcPlace, "kind" | "remembers">,
  ) {
    this.#links = links;
    this.#records = records;
    this.#remembers = place.remembers;
    this.#history = place.kind !== "ngircd";
  }

  /** Why a line that was said on IRC could not be relayed; null when it could. */
  whyNotHeard(mark: Mark, saidMs: number): string | null {
    if (this.#remembers) return null;
    const heard = this.#passages("toClient", mark).filter(({ line }) => !isEchoOfOurs(line));
    const joined = this.#history ? this.#entryAfter(saidMs) : null;
    if (joined !== null) return null;
    if (heard.length === 0) {
      return this.#history
        ? "said while the relay was away, and the server lost its history before the relay was back"
        : "said while the relay was not connected, on a server without a history";
    }
    return heard.every((one) => this.#diedUnread(one))
      ? "in the socket's buffer when the connection was killed, and no history tells"
      : null;
  }

  /** Why a line that the relay sent to IRC could not be known to have arrived; null when it could. */
  whySentAgain(mark: Mark): string | null {
    if (this.#remembers) return null;
    const sent = this.#passages("toServer", mark);
    for (let copy = 1; copy < sent.length; copy++) {
      const [first, second] = [sent[copy - 1], sent[copy]];
      if (first === undefined || second === undefined) continue;
      if (first.link === second.link || this.#wasConfirmed(first)) return null;
      if (this.#history && !this.#serverEnded(first.line.atMs, second.line.atMs)) return null;
    }
    return sent.length > 1
      ? "the connection was killed before the server's answer was read, and no history tells"
      : null;
  }

  #passages(way: TappedLine["way"], mark: Mark): Passage[] {
    return this.#links.flatMap((link) =>
      link.lines.flatMap((line, at) =>
        line.way === way && line.text.includes("PRIVMSG") && bears(line.text, mark)
          ? [{ link, at, line }]
          : []
      )
    );
  }

  /** When the connection ended for the relay: at a cut or with the relay itself, if sooner than at the proxy. */
  #endMs(link: TappedLink): number {
    const beganMs = link.lines[0]?.atMs ?? 0;
    const ends = this.#records.filter(({ fault, startMs }) =>
      startMs > beganMs && (fault.kind === "relay killed" ||
        (fault.kind === "link cut" && fault.link === "irc"))
    ).map(({ startMs }) => startMs);
    return Math.min(link.endMs, ...ends);
  }

  /** Whether it was among the last things that the relay was handed before a sudden end. */
  #diedUnread({ link, at, line }: Passage): boolean {
    return this.#endMs(link) - line.atMs < READ_WITHIN_MS && !link.lines.slice(at + 1).some(
      // An answer of the relay's behind it shows that it had read so far.
      (later) =>
        later.way === "toServer" && /^PONG/i.test(later.text) && later.atMs > line.atMs + 5,
    );
  }

  #wasConfirmed({ link, at, line }: Passage): boolean {
    const token = line.text.slice(line.text.indexOf("PRIVMSG"));
    const text = token.slice(token.indexOf(" :") + 2);
    const answer = link.lines.slice(at + 1).find((later) =>
      later.way === "toClient" &&
      (later.text.includes(text) || /^\S*\s*(:\S+ )?PONG/.test(later.text))
    );
    return answer !== undefined && this.#endMs(link) - answer.atMs >= READ_WITHIN_MS;
  }

  /** When the relay next entered the channel in the same life of the server, and stayed. */
  #entryAfter(saidMs: number): number | null {
    for (const link of this.#links) {
      const joined = link.lines.find((line) =>
        line.way === "toClient" && /(^|\s):relay\S*!\S+ JOIN /.test(` ${line.text}`)
      );
      if (joined === undefined || joined.atMs <= saidMs) continue;
      if (this.#serverEnded(saidMs, joined.atMs)) continue;
      if (this.#endMs(link) - joined.atMs >= READ_WITHIN_MS) return joined.atMs;
    }
    return null;
  }

  #serverEnded(fromMs: number, toMs: number): boolean {
    return this.#records.some(({ fault, startMs, downMs }) =>
      fault.kind.startsWith("IRC server") && downMs >= fromMs && startMs <= toMs
    );
  }
}

function bears(text: string, mark: Mark): boolean {
  return marksIn(text).some((one) => one.series === mark.series && one.number === mark.number);
}

function isEchoOfOurs(line: TappedLine): boolean {
  return /(^|\s):relay\S*!/.test(line.text);
}
