/** A CTCP request: a message between \x01. */
export interface CtcpRequest {
  readonly command: string;
  readonly argument: string;
}

/** The request in a message's text; null for an ordinary text. The closing \x01 may be missing. */
export function readCtcp(text: string): CtcpRequest | null {
  // deno-lint-ignore no-control-regex
  const match = /^\x01([^ \x01]+)(?: ([^\x01]*))?\x01?/.exec(text);
  if (match === null) return null;
  return { command: (match[1] ?? "").toUpperCase(), argument: match[2] ?? "" };
}

/** What we answer, without the \x01; null for what we do not answer (DCC and all we do not know). */
export function ctcpAnswer(
  request: CtcpRequest,
  own: { readonly version: string; readonly userInfo: string | null; readonly nowMs: number },
): string | null {
  switch (request.command) {
    case "VERSION":
      return `VERSION ${own.version}`;
    case "PING":
      return `PING ${request.argument.slice(0, 100)}`.trimEnd();
    case "TIME":
      return `TIME ${new Date(own.nowMs).toUTCString()}`;
    case "USERINFO":
      return own.userInfo === null ? null : `USERINFO ${own.userInfo}`;
    case "CLIENTINFO":
      return `CLIENTINFO ACTION CLIENTINFO PING TIME ${
        own.userInfo === null ? "" : "USERINFO "
      }VERSION`;
    default:
      return null;
  }
}

/** Lets through one answer in `gapMs`, whoever asks: requests are a way to make a program flood itself out. */
export class CtcpLimit {
  readonly #gapMs: number;
  #lastMs = -Infinity;

  constructor(gapMs: number) {
    this.#gapMs = gapMs;
  }

  allows(nowMs: number): boolean {
    if (nowMs - this.#lastMs < this.#gapMs) return false;
    this.#lastMs = nowMs;
    return true;
  }
}
