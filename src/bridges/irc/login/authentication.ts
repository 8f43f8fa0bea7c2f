import { describeError } from "../../../base/errors.ts";
import type { Logger } from "../../../base/log.ts";
import type { Cancel, Timers } from "../../../base/timers.ts";
import { type SaslMechanism, UNTOLD } from "../link/options.ts";
import { type IrcMessage, lastParam, type OutLine, param } from "../wire/message.ts";
import { ecdsa } from "./ecdsa.ts";
import {
  authenticateChunks,
  ChallengeReader,
  external,
  mechanismsFor,
  plain,
  type SaslConversation,
  type SaslMeans,
  scram,
} from "./sasl.ts";

const SCRAM_ONLY =
  '. Where the account has no SCRAM password, set SASLMechanism="plain": it is not tried by itself';

/** How the login ended. `mend` tells whether only a person can help, or services that are away may come back. */
export type SaslOutcome =
  | { readonly ok: true; readonly mechanism: SaslMechanism }
  | { readonly ok: false; readonly reason: string; readonly mend: "wait" | "person" };

interface AuthenticationOptions extends SaslMeans {
  /** False: PLAIN would show the password to whoever has put themselves in the server's place. */
  readonly mayTellPassword: boolean;
  readonly timers: Timers;
  readonly log: Logger;
  readonly send: (line: OutLine) => void;
  readonly limitMs: number;
  readonly done: (outcome: SaslOutcome) => void;
}

const FAILURES: Readonly<Record<string, string>> = {
  "902": "the account is locked",
  "904": "the server refuses login or password",
  "905": "the login data is too long for the server",
  "906": "the server aborted the login",
  "907": "the server says that we are logged in already",
};

/** One SASL login during registration: tries the mechanisms in turn and ends exactly once. */
export class Authentication {
  readonly #options: AuthenticationOptions;
  readonly #left: SaslMechanism[];
  #current: SaslConversation | null = null;
  #reader = new ChallengeReader();
  #timeout: Cancel | null = null;
  #ended = false;

  constructor(options: AuthenticationOptions, offered: string | null) {
    this.#options = options;
    this.#left = offered === null ? [] : mechanismsFor(options, offered);
    if (offered === null) this.#fail("the server does not offer SASL", "person");
    else this.#next(`the server offers only ${offered}`);
  }

  /** Takes AUTHENTICATE and the numerics 900 to 908; false for any other line. */
  handle(message: IrcMessage): boolean {
    if (message.command === "AUTHENTICATE") {
      this.#challenge(param(message, 0));
    } else if (message.command === "903") {
      this.#succeed();
    } else if (message.command === "908") {
      this.#options.log.debug("SASL mechanisms of the server: {mechanisms}", {
        mechanisms: param(message, 1),
      });
    } else if (message.command in FAILURES) {
      this.#next(`${FAILURES[message.command]} (${lastParam(message)})`);
    } else {
      return message.command === "900" || message.command === "901";
    }
    return true;
  }

  #next(reason: string): void {
    if (this.#ended) return;
    this.#timeout?.();
    // Whoever can't prove to know the password by SCRAM must not get it by a second question.
    const isScram = (name: SaslMechanism) => name.startsWith("SCRAM");
    if (this.#current !== null && isScram(this.#current.mechanism) && !this.#left.some(isScram)) {
      return this.#fail(`${reason}${this.#left.length === 0 ? "" : SCRAM_ONLY}`, "person");
    }
    const mechanism = this.#left.shift();
    if (mechanism === undefined) return this.#fail(reason, "person");
    if (mechanism === "PLAIN" && !this.#options.mayTellPassword) {
      return this.#fail(`PLAIN would show the password, and ${UNTOLD}`, "person");
    }
    try {
      this.#current = conversation(mechanism, this.#options);
    } catch (thrown) {
      return this.#fail(describeError(thrown), "person");
    }
    this.#reader = new ChallengeReader();
    this.#timeout = this.#options.timers.after(this.#options.limitMs, () => {
      this.#fail("the services of the network do not answer", "wait");
    });
    this.#options.send({ command: "AUTHENTICATE", params: [mechanism] });
  }

  #challenge(parameter: string): void {
    const current = this.#current;
    if (current === null || this.#ended) return;
    let challenge: Uint8Array | null;
    try {
      challenge = this.#reader.add(parameter);
    } catch {
      return this.#abort("the server's challenge is malformed");
    }
    if (challenge === null) return;
    Promise.resolve(current.answer(challenge)).then(
      (answer) => {
        if (this.#current === current && !this.#ended) this.#answer(answer);
      },
      (thrown) => this.#abort(describeError(thrown)),
    );
  }

  #answer(answer: Uint8Array): void {
    for (const chunk of authenticateChunks(answer)) {
      this.#options.send({ command: "AUTHENTICATE", params: [chunk] });
    }
  }

  #abort(reason: string): void {
    this.#options.send({ command: "AUTHENTICATE", params: ["*"] });
    this.#fail(reason, "person");
  }

  #succeed(): void {
    const mechanism = this.#current?.mechanism;
    if (mechanism !== undefined) this.#end({ ok: true, mechanism });
  }

  #fail(reason: string, mend: "wait" | "person"): void {
    this.#end({ ok: false, reason, mend });
  }

  #end(outcome: SaslOutcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timeout?.();
    this.#options.done(outcome);
  }
}

function conversation(mechanism: SaslMechanism, means: SaslMeans): SaslConversation {
  const { sasl } = means;
  switch (mechanism) {
    case "PLAIN":
      return plain(sasl);
    case "EXTERNAL":
      return external(sasl);
    case "ECDSA-NIST256P-CHALLENGE":
      return ecdsa(sasl);
    default:
      return scram(mechanism, means);
  }
}
