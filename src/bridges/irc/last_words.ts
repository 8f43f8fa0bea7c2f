import { describeError } from "../../base/errors.ts";
import type { LinkEnd } from "../../relay/bridge.ts";
import { linkEndOf } from "./link_end.ts";
import { PinError } from "./wire/certificate_pin.ts";
import { type IrcMessage, lastParam } from "./wire/message.ts";

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
