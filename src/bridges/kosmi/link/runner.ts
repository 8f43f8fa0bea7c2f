import { property } from "../../../base/json.ts";
import type { Logger, OnceLog } from "../../../base/log.ts";
import { describeErrors, type GraphqlError } from "../protocol/graphql_error.ts";
import type { KnownOperations, Statement } from "../protocol/known_operations.ts";
import type { Values } from "../protocol/plan.ts";
import type { OwnWords } from "../protocol/proof.ts";
import type { KosmiProtocol, OperationName } from "../protocol/protocol.ts";
import { isValidationFailure } from "../protocol/repair.ts";
import { INTROSPECTION, readSchema, type Schema } from "../protocol/schema.ts";
import type { KosmiLink, OperationAnswer } from "./link.ts";

/** Each round drops or renames something: this many rounds are more than any operation has names. */
const MOST_ROUNDS = 25;
/** So long a room waits for what the web app says, rather than show people without their names. */
const LEARNING_PATIENCE_MS = 3_000;

/** The server doesn't have the operation, or something that it can't do without. The message names it. */
export class OperationMissingError extends Error {
  override readonly name = "OperationMissingError";
}

/** What an operation's root field held. */
export interface OperationResult {
  /** Null when the server answered with errors, or with nothing. */
  readonly value: unknown;
  readonly errors: readonly GraphqlError[];
}

export interface Subscription {
  stop(): void;
}

interface SubscriptionHandler {
  next(value: unknown): void;
  /** It is over and can't be had (`missing`), or the server ended it. Not called when the link ends. */
  ended(why: string, missing: boolean): void;
  /** Its document was mended and it was started again: what came meanwhile was missed. */
  restarted?(): void;
  /** What a message of ours would show, where what comes may be one. */
  own?(): OwnWords;
}

interface RunnerOptions {
  readonly link: KosmiLink;
  readonly protocol: KosmiProtocol;
  readonly known: KnownOperations;
  /** Learns from the web app how it speaks now; resolves to false when that brought nothing, or it is not due. */
  readonly learn?: ((signal: AbortSignal) => Promise<boolean>) | undefined;
  readonly schemaOverHttp: (signal: AbortSignal) => Promise<Schema | null>;
  readonly log: Logger;
  readonly said: OnceLog;
}

/** Runs operations by name on one link, in other words when the server does not take them as they are. */
export class OperationRunner {
  readonly #link: KosmiLink;
  readonly #protocol: KosmiProtocol;
  readonly #known: KnownOperations;
  readonly #askApp: (signal: AbortSignal) => Promise<boolean>;
  readonly #schemaOverHttp: (signal: AbortSignal) => Promise<Schema | null>;
  #overHttp: Promise<void> = Promise.resolve();
  #introspecting: Promise<void> | null = null;
  /** What is to be looked at again when something was learned: subscriptions that are under way. */
  readonly #onLearned = new Set<() => void>();
  #learning: Promise<void> = Promise.resolve();
  readonly #log: Logger;
  readonly #said: OnceLog;

  constructor(options: RunnerOptions) {
    this.#link = options.link;
    this.#protocol = options.protocol;
    this.#known = options.known;
    this.#askApp = options.learn ?? (() => Promise.resolve(false));
    this.#schemaOverHttp = options.schemaOverHttp;
    this.#log = options.log;
    this.#said = options.said;
  }

  /** Asks over HTTP for the schema, where nothing that is asked can hurt the connection. What comes of it is used as soon as it is there. */
  askOverHttp(): void {
    if (!this.#protocol.introspection) return;
    this.#overHttp = this.#schemaOverHttp(this.#link.signal).then((schema) => {
      if (schema !== null && !this.#link.signal.aborted) this.#known.learnSchema(schema, "http");
    }).catch(() => this.#log.debug("Kosmi does not show its schema over HTTP"));
  }

  /**
   * Learns from the schema; without one everything goes on with the default documents. Asks the socket, so only to be called when
   * a room was entered, or can't be. Waits no longer than the limit for it, but learns from a late answer too. Once on each connection.
   */
  introspect(): Promise<void> {
    return this.#introspecting ??= this.#introspect();
  }

  async #introspect(): Promise<void> {
    if (!this.#protocol.introspection) return;
    const learned = Promise.all([this.#overHttp, this.#askSocket()]);
    const patience = new Promise<void>((resolve) => {
      const cancel = this.#link.deadlines.add(
        this.#protocol.limits.introspectionTimeoutMs,
        resolve,
      );
      void learned.then(cancel);
    });
    await Promise.race([learned, patience]);
  }

  async #askSocket(): Promise<void> {
    if (this.#known.schemaAttempts <= 0) return;
    this.#known.schemaAttempts--;
    const request = { title: "RelaySchema", text: INTROSPECTION, variables: {} };
    try {
      const { operationTimeoutMs } = this.#protocol.limits;
      const answer = await this.#link.request(request, operationTimeoutMs);
      await this.#overHttp;
      this.#learnSchema(answer);
    } catch {
      this.#log.debug("Kosmi did not answer the question for its schema");
    }
  }

  #learnSchema(answer: OperationAnswer): void {
    const schema = readSchema(answer.data);
    if (schema === null) {
      const said = describeErrors(answer.errors);
      this.#log.debug("Kosmi does not show its schema: {said}", { said });
      this.#known.schemaAttempts = 0;
      return;
    }
    this.#known.learnSchema(schema, "socket");
    this.#known.schemaAttempts = 2;
  }

  /** Resolves when nothing is being learned any more, or after a while. Never rejects. */
  async learned(): Promise<void> {
    const patience = new Promise<void>((resolve) => {
      const cancel = this.#link.deadlines.add(LEARNING_PATIENCE_MS, resolve);
      void this.#learning.then(cancel);
    });
    await Promise.race([this.#learning, patience]);
  }

  /** Reads the app, if that is due; subscriptions that it says otherwise now are started again. */
  #learn(): Promise<void> {
    return this.#learning = this.#askApp(this.#link.signal).then((isNew) => {
      if (isNew && !this.#link.signal.aborted) { for (const look of [...this.#onLearned]) look(); }
    });
  }

  /** Whether the app turns out to say it otherwise than the statement that was refused. */
  async #hasLearned(refused: Statement, values: Values): Promise<boolean> {
    if (this.#known.isLearnable(refused.name)) await this.#learn();
    this.#link.signal.throwIfAborted();
    const now = this.#known.statement(refused.name, values);
    return now.origin === "learned" && now.text !== refused.text;
  }

  /** True when the schema was seen and has it, false when it has it not, null when nobody knows. */
  offers(name: OperationName): boolean | null {
    return this.#known.offers(name);
  }

  /**
   * An answer to it can't be read. Resolves to true when there is another way to say it now: what was begun with the old one
   * is to be begun again.
   */
  async unreadable(name: OperationName): Promise<boolean> {
    const before = this.#known.statement(name, {}).text;
    this.#known.unreadable(name);
    if (this.#known.isLearnable(name)) await this.#learn();
    return this.#known.statement(name, {}).text !== before;
  }

  /** Rejects with an OperationMissingError, a DeadlineError or a LinkEndedError; errors of the operation itself are in the result. */
  async run(name: OperationName, values: Values): Promise<OperationResult> {
    let mayLearn = true;
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const statement = this.#known.statement(name, values);
      const answer = await this.#link.request(statement, this.#protocol.limits.operationTimeoutMs);
      if (!isRefused(statement, answer)) {
        const value = rootValue(answer.data, statement.plan.root);
        return { value: this.#known.read(statement, value), errors: answer.errors };
      }
      const missing = this.#mend(statement, answer.errors);
      if (missing === null) continue;
      if (!mayLearn || !await this.#hasLearned(statement, values)) throw missing;
      mayLearn = false;
    }
    throw new OperationMissingError(
      `Cannot run ${this.#titleOf(name)} at Kosmi: its document is not accepted`,
    );
  }

  /** Starts a subscription, starting it anew in other words when the server doesn't accept it. */
  subscribe(name: OperationName, values: Values, handler: SubscriptionHandler): Subscription {
    let stopped = false;
    let dispose = () => {};
    let rounds = 0;
    let mayLearn = true;
    let said = "";
    const look = () => {
      // What was taken as it was asked first lacks nothing.
      if (stopped || rounds === 0 || this.#known.statement(name, values).text === said) return;
      dispose();
      again();
    };
    this.#onLearned.add(look);
    const over = (reason: string, missing: boolean) => {
      stopped = true;
      this.#onLearned.delete(look);
      handler.ended(reason, missing);
    };
    const again = () => {
      if (stopped) return;
      start();
      handler.restarted?.();
    };
    const start = () => {
      const statement = this.#known.statement(name, values);
      said = statement.text;
      const end = (errors: readonly GraphqlError[]) => {
        if (stopped) return;
        if (errors.length === 0) return over("Kosmi ended the subscription", false);
        const refused = isRefused(statement, { data: null, errors });
        if (!refused || ++rounds >= MOST_ROUNDS) return over(describeErrors(errors), refused);
        const missing = this.#mend(statement, errors);
        if (missing === null) return again();
        if (!mayLearn) return over(missing.message, true);
        mayLearn = false;
        void this.#hasLearned(statement, values).then((learned) => {
          if (learned) again();
          else if (!stopped) over(missing.message, true);
        }, () => {});
      };
      dispose = this.#link.subscribe(statement, {
        next: (answer) => {
          if (stopped) return;
          if (isRefused(statement, answer)) return end(answer.errors);
          if (answer.errors.length > 0) this.#sayErrors(statement, answer.errors);
          const value = rootValue(answer.data, statement.plan.root);
          if (value === null || value === undefined) return;
          handler.next(this.#known.read(statement, value, handler.own?.()));
        },
        ended: end,
      });
    };
    start();
    return {
      stop: () => {
        if (stopped) return;
        stopped = true;
        this.#onLearned.delete(look);
        dispose();
      },
    };
  }

  /** Null: there is another way to say it. */
  #mend(statement: Statement, errors: readonly GraphqlError[]): OperationMissingError | null {
    const { missing, notes } = this.#known.refused(statement, errors);
    const title = this.#titleOf(statement.name);
    if (notes.length > 0) {
      this.#log.debug("Kosmi's schema changed; {title} continues without {notes}", {
        title,
        notes: notes.join(", "),
      });
      // What the app says now may be better than what is left.
      if (this.#known.isLearnable(statement.name)) void this.#learn();
    }
    if (missing.length === 0) return null;
    return new OperationMissingError(
      `Cannot run ${title} at Kosmi: it no longer has ${missing.join(", ")}`,
    );
  }

  #titleOf(name: OperationName): string {
    return this.#protocol.operations[name].title;
  }

  #sayErrors({ title }: Statement, errors: readonly GraphqlError[]): void {
    const said = describeErrors(errors);
    this.#said.warn(`${title} ${said}`, "Kosmi reports errors in {title}: {said}", { title, said });
  }
}

/**
 * Whether the document is what the server does not take. An answer with data was executed, whatever its errors say; of what was learned also the
 * values may be wrong.
 */
function isRefused({ origin }: Statement, { data, errors }: OperationAnswer): boolean {
  return data === null && (isValidationFailure(errors) ||
    origin === "learned" && errors.some(({ message }) => /invalid value/i.test(message)));
}

/** The root field's value; under another name (an alias of the server's, an override) the only one there is. */
function rootValue(data: unknown, root: string): unknown {
  if (typeof data !== "object" || data === null) return null;
  if (Object.hasOwn(data, root)) return property(data, root);
  return Object.values(data)[0] ?? null;
}
