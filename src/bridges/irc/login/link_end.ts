import { describeError } from "../../../base/errors.ts";
import { Holdings } from "../../../base/bounded.ts";
import type { LinkEnd } from "../../../relay/port/bridge.ts";
import { readPlain } from "../text/formatting.ts";
import { PinError } from "../wire/certificate.ts";
import { type IrcMessage, lastParam } from "../wire/message.ts";

/** What is known when a link has ended by itself. */
export interface LinkFacts {
  /** Text of the server's ERROR, or of a numeric that refused us; null when it said nothing. */
  readonly serverWords: string | null;
  /** Numeric that refused us during registration, such as 464. */
  readonly numeric: string | null;
  /** What the socket reported; null for an orderly close. */
  readonly socketError: string | null;
  /** True for a certificate that can't be trusted. */
  readonly untrusted: boolean;
  readonly registered: boolean;
}

/** Servers that throttle count from the last attempt: come back sooner and it begins anew. */
const THROTTLED_WAIT_MS = 30_000;
const REFUSED_WAIT_MS = 300_000;

const THROTTLED =
  /throttl|reconnect(ing|ed)? too fast|too (many|fast).*connect|trying to reconnect|connect(ing|ion).*too (fast|often|quickly)|wait a while before/i;
const REFUSED =
  /\b(akill|(gz|[kgzd])[-:]?\s?lined?)\b|banned|not welcome|permanent(ly)? .*(ban|deny)|bad password|password (incorrect|mismatch)|access denied|not authori[sz]ed|you are not allowed|sasl access only|sasl .*required|require.*sasl|certificate.*required/i;

/** Why the link ended and what follows: the server's own words decide, then the socket's. */
export function linkEndOf(facts: LinkFacts): LinkEnd {
  const words = facts.serverWords === null ? "" : readPlain(facts.serverWords).trim();
  if (facts.untrusted) return refused(facts.socketError ?? "Cannot trust the server's certificate");
  if (facts.numeric === "464") {
    return refused(`Cannot log in: the server refuses the password (${words || "464"})`);
  }
  if (THROTTLED.test(words)) {
    return {
      kind: "throttled",
      reason: `Throttled: reconnecting too fast (${words})`,
      retryAfterMs: THROTTLED_WAIT_MS,
    };
  }
  if (facts.numeric === "465" || REFUSED.test(words)) {
    return refused(`Cannot connect: the server refuses the connection (${words || facts.numeric})`);
  }
  if (words !== "") return { kind: "lost", reason: `The server ended the connection: ${words}` };
  if (facts.socketError !== null) {
    const action = facts.registered ? "Lost the connection" : "Cannot connect";
    return { kind: "lost", reason: `${action}: ${facts.socketError}` };
  }
  return {
    kind: "lost",
    reason: facts.registered
      ? "The server closed the connection without a reason"
      : "The server closed the connection before we were logged in",
  };
}

function refused(reason: string): LinkEnd {
  return { kind: "refused", reason, retryAfterMs: REFUSED_WAIT_MS };
}

/** Remembers what the server says before it closes: that decides what the end means. */
export class LastWords {
  #words: string | null = null;
  #numeric: string | null = null;

  /** Takes an ERROR, or a numeric that refuses us; true when the server means to close. */
  hear(message: IrcMessage, registered: boolean): boolean {
    switch (message.command) {
      case "ERROR":
        this.#words = lastParam(message);
        return true;
      case "464":
        // Later it only means that an OPER command of ours was wrong.
        if (registered) return false;
        break;
      case "465":
      case "466":
        break;
      default:
        return false;
    }
    this.#numeric = message.command;
    this.#words ??= lastParam(message);
    return true;
  }

  /** True when the server threw us out for speaking too fast. */
  get ofFlood(): boolean {
    return /flood|recvq/i.test(this.#words ?? "");
  }

  /** Why the link ended, now that the socket is closed; `error` null for an orderly close. */
  end(error: Error | null, registered: boolean): LinkEnd {
    return linkEndOf({
      serverWords: this.#words,
      numeric: this.#numeric,
      socketError: error === null ? null : describeError(error),
      untrusted: error instanceof PinError || isCertificateError(error),
      registered,
    });
  }
}

function isCertificateError(error: Error | null): boolean {
  const code = error !== null && "code" in error ? String(error.code) : "";
  return /CERT|ALTNAME|ISSUER|SELF_SIGNED|VERIFY/.test(code);
}

/** Some hundred channels of a large network; a few tens of MiB in memory. */
const MOST_HELD = { entries: 50_000, bytes: 4 * 1024 * 1024 };
const TOO_MUCH_WAIT_MS = 60_000;

/** What a server makes one connection hold; one that tells more than any network has is left. */
export function heldFor(finish: (end: LinkEnd) => void): Holdings {
  return new Holdings(MOST_HELD, (what) =>
    finish({
      kind: "lost",
      reason: `The server told more than this connection may hold (too many ${what})`,
      retryAfterMs: TOO_MUCH_WAIT_MS,
    }));
}
