import type { Holdings } from "../../../base/bounded.ts";
import type { Logger } from "../../../base/log.ts";
import type { Timers } from "../../../base/timers.ts";
import type { LinkEnd } from "../../../relay/port/bridge.ts";
import { type IrcSasl, type IrcSettings, mayTellPassword } from "../link/options.ts";
import type { Self } from "../link/self.ts";
import type { ServerFeatures } from "../link/server_features.ts";
import { type IrcMessage, lastParam, type OutLine, param } from "../wire/message.ts";
import { Authentication, type SaslOutcome } from "./authentication.ts";
import { Capabilities } from "./capabilities.ts";

interface RegistrationOptions {
  readonly settings: IrcSettings;
  readonly features: ServerFeatures;
  readonly self: Self;
  readonly timers: Timers;
  readonly held?: Holdings;
  readonly log: Logger;
  /** Leaves at once: before the welcome there is no flood budget to keep. */
  readonly send: (line: OutLine) => void;
  /** What names the TLS connection (RFC 5929); null without TLS. Known once the socket is open. */
  readonly endPoint: () => Uint8Array | null;
  readonly ready: () => void;
  readonly failed: (end: LinkEnd) => void;
  /** Value of the server's `sts` capability; true when the link has to end for it. */
  readonly sts: (value: string) => boolean;
}

/** A network that sends no list of the day's message: its welcome is taken for complete after this. */
const MOTD_MS = 5_000;
/** A nick that the server calls malformed this often will not get better by other endings. */
const MAX_MALFORMED = 2;
const REFUSED_WAIT_MS = 300_000;
const SERVICES_WAIT_MS = 30_000;

/**
 * From the open socket to the end of the welcome: capabilities, SASL, a free nick. Ends exactly once, by `ready` or
 * `failed`; a server that ends the link or falls silent meanwhile is the session's matter.
 */
export class Registration {
  readonly capabilities: Capabilities;
  readonly #options: RegistrationOptions;
  readonly #opening: Opening;
  #authentication: Authentication | null = null;
  #nickFailures = 0;
  #malformed = 0;
  #welcomed = false;
  #ended = false;
  #loggedIn = false;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    const { settings, send } = options;
    this.#opening = new Opening(options);
    const choice = {
      sasl: settings.sasl !== null,
      relayMsg: settings.useRelayMsg,
      only: settings.puppet?.capabilities ?? null,
    };
    this.capabilities = new Capabilities(
      choice,
      send,
      () => this.#negotiated(),
      (offered) => {
        const value = offered.get("sts");
        if (value !== undefined && options.sts(value)) return false;
        this.#opening.identify();
        return true;
      },
      options.held ?? null,
      () => this.#loginAgain(),
    );
  }

  /** The socket is open: says who we are. */
  begin(): void {
    this.#opening.begin();
  }

  /** True once we are in, or can't be. */
  get isOver(): boolean {
    return this.#ended;
  }

  /** True once SASL has succeeded. */
  get loggedIn(): boolean {
    return this.#loggedIn;
  }

  /** Takes what belongs to registration; false for all else. */
  handle(message: IrcMessage): boolean {
    if (message.command === "CAP") {
      this.capabilities.handle(message);
      return true;
    }
    if (this.#authentication?.handle(message)) return true;
    if (this.#ended) return false;
    switch (message.command) {
      case "001":
        this.#welcome(message);
        return true;
      case "376":
      case "422":
        this.#ready();
        return true;
      case "421":
      case "451":
        // It does not know CAP, or takes nothing before our names.
        if (message.command === "451" || param(message, 1) === "CAP") this.#opening.identify();
        return true;
      case "432":
      case "433":
      case "436":
      case "437":
        this.#nickRefused(message);
        return true;
      default:
        return false;
    }
  }

  #negotiated(): void {
    const { settings, send } = this.#options;
    if (settings.sasl === null) return send({ command: "CAP", params: ["END"] });
    this.#authenticate(settings.sasl, (outcome) => this.#authenticated(outcome));
  }

  #authenticate(sasl: IrcSasl, done: (outcome: SaslOutcome) => void): void {
    const { settings, timers, log, send } = this.#options;
    const endPoint = this.#options.endPoint();
    const hasCertificate = (settings.tls?.clientCertificatePem ?? null) !== null;
    const offered = this.capabilities.has("sasl") ? this.capabilities.offered("sasl") : null;
    const { saslMs } = settings.limits;
    this.#authentication = new Authentication({
      ...{ sasl, hasCertificate, endPoint, timers, log, send, limitMs: saslMs, done },
      mayTellPassword: mayTellPassword(settings),
    }, offered);
  }

  /** Services were away and are back: they know nothing of our login. */
  #loginAgain(): void {
    const { settings, log } = this.#options;
    if (settings.sasl === null || !this.#welcomed) return;
    this.#authenticate(settings.sasl, (outcome) => {
      this.#loggedIn = outcome.ok;
      if (outcome.ok) {
        log.info("Logged in again by SASL {mechanism}", { mechanism: outcome.mechanism });
      } else log.warn("Cannot log in again by SASL: {reason}", { reason: outcome.reason });
    });
  }

  #authenticated(outcome: SaslOutcome): void {
    const { settings, log, send } = this.#options;
    this.#loggedIn = outcome.ok;
    if (outcome.ok) {
      log.info("Logged in by SASL {mechanism}", { mechanism: outcome.mechanism });
    } else if (settings.sasl?.required) {
      return this.#fail(saslEnd(outcome.reason, outcome.mend));
    } else {
      log.warn("Cannot log in by SASL: {reason}. Going on without", { reason: outcome.reason });
    }
    send({ command: "CAP", params: ["END"] });
  }

  #welcome(message: IrcMessage): void {
    const { settings, self, timers } = this.#options;
    // A server without capabilities goes straight to the welcome: then nobody has asked for SASL yet.
    if (settings.sasl?.required && !this.#loggedIn) {
      return this.#fail(saslEnd("the server does not offer SASL", "person"));
    }
    this.#welcomed = true;
    self.nick = param(message, 0);
    const shown = /(\S+)!(\S+)@(\S+)$/.exec(lastParam(message));
    if (shown !== null && self.is(shown[1] ?? "")) self.learn(shown[2] ?? "", shown[3] ?? "");
    timers.after(MOTD_MS, () => this.#ready());
  }

  #ready(): void {
    if (this.#ended || !this.#welcomed) return;
    this.#ended = true;
    this.#options.ready();
  }

  #nickRefused(message: IrcMessage): void {
    if (this.#welcomed) return;
    const { settings, features, log, send } = this.#options;
    this.#nickFailures++;
    if (message.command === "432") this.#malformed++;
    if (this.#malformed > MAX_MALFORMED) {
      return this.#fail(nickEnd(settings.nick, lastParam(message)));
    }
    // Before the welcome the server has not told how long a nick may be; most take 16.
    const longest = features.number("NICKLEN", message.command === "432" ? 9 : 16);
    const next = nickCandidate(settings.nick, this.#nickFailures, longest);
    if (next === null) return this.#fail(nickEnd(settings.nick, lastParam(message)));
    log.warn("Nick {nick} is not available: {reason}. Trying {next}", {
      nick: param(message, 1),
      reason: lastParam(message),
      next,
    });
    send({ command: "NICK", params: [next] });
  }

  #fail(end: LinkEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.failed(end);
  }
}

function saslEnd(reason: string, mend: "wait" | "person"): LinkEnd {
  const sentence = `Cannot log in by SASL: ${reason}`;
  return mend === "wait" ? { kind: "lost", reason: sentence, retryAfterMs: SERVICES_WAIT_MS } : {
    kind: "refused",
    reason: `${sentence}. Check the account's login settings`,
    retryAfterMs: REFUSED_WAIT_MS,
  };
}

function nickEnd(nick: string, words: string): LinkEnd {
  return {
    kind: "refused",
    reason:
      `Cannot get a nick: ${nick} and all that follow it were refused (${words}). Choose another Nick`,
    retryAfterMs: REFUSED_WAIT_MS,
  };
}

interface OpeningOptions {
  readonly settings: IrcSettings;
  readonly timers: Timers;
  readonly send: (line: OutLine) => void;
}

/** A server without capabilities may pass over our question. */
const CAP_MS = 3_000;

/**
 * The first lines of a connection: who we are. In plain text the server's password is held back until the server has
 * told its capabilities, because it may want TLS (STS); somebody on the way must not learn the password before that.
 */
class Opening {
  readonly #options: OpeningOptions;
  #identified = false;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  /** The socket is open. */
  begin(): void {
    const { settings, send, timers } = this.#options;
    const { webirc = null } = settings.puppet ?? {};
    if (webirc !== null) {
      const { password, gateway, host, address } = webirc;
      send({ command: "WEBIRC", params: [password, gateway, host, address] });
    }
    send({ command: "CAP", params: ["LS", "302"] });
    if (settings.tls === null && settings.password !== null) {
      timers.after(CAP_MS, () => this.identify());
    } else {
      this.identify();
    }
  }

  /** Nothing speaks against telling who we are. Idempotent. */
  identify(): void {
    if (this.#identified) return;
    this.#identified = true;
    const { settings, send } = this.#options;
    if (settings.password !== null) send({ command: "PASS", params: [settings.password] });
    send({ command: "NICK", params: [settings.nick] });
    send({ command: "USER", params: [settings.userName, "0", "*", settings.realName] });
  }
}

/** Highest number that is tried. */
const LAST_NUMBER = 99;

/**
 * The nick to try after `failures` refusals: the configured one, that with `_`, then numbered ones. Cut so that it
 * fits `maxLength`. Null when all have been tried.
 */
export function nickCandidate(wanted: string, failures: number, maxLength: number): string | null {
  if (failures === 0) return wanted.slice(0, maxLength);
  if (failures === 1) return fitted(wanted, "_", maxLength);
  const number = failures - 1;
  return number > LAST_NUMBER ? null : fitted(wanted, String(number), maxLength);
}

function fitted(wanted: string, suffix: string, maxLength: number): string {
  return wanted.slice(0, Math.max(1, maxLength - suffix.length)) + suffix;
}
