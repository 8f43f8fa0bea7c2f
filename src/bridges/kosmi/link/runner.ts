import type { Logger, OnceLog } from "../../../base/log.ts";
import {
  buildDocument,
  type Document,
  type Draft,
  newDraft,
  type Variables,
} from "../protocol/document.ts";
import { describeErrors, type GraphqlError, property } from "../protocol/graphql_error.ts";
import type { KosmiProtocol, OperationName, OperationSpec } from "../protocol/protocol.ts";
import { isValidationFailure, repairDraft } from "../protocol/repair.ts";
import { draftFromSchema, INTROSPECTION, readSchema, type Schema } from "../protocol/schema.ts";
import type { KosmiLink, OperationAnswer } from "./link.ts";

/** Each round drops or renames something: this many rounds are more than any operation has names. */
const MOST_ROUNDS = 25;

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
}

/** What was asked, and from what it was put together. */
interface Asked {
  readonly draft: Draft;
  readonly document: Document;
}

/** What was learned of Kosmi's operations; outlives the connection, so that each thing is found out once. */
export class DraftBook {
  readonly #drafts = new Map<OperationName, Draft>();
  /** Null: missing on the server. Undefined: nothing known. */
  #fromSchema = new Map<OperationName, Draft | null>();
  /** Attempts to ask for the schema that are left: it is not asked again where that was refused or hurt. */
  schemaAttempts = 2;

  draft(name: OperationName, spec: OperationSpec): Draft {
    const known = this.#drafts.get(name) ?? this.#fromSchema.get(name);
    if (known !== undefined && known !== null && known.roots.length > 0) {
      this.#drafts.set(name, known);
      return known;
    }
    const fresh = newDraft(spec);
    this.#drafts.set(name, fresh);
    return fresh;
  }

  /** True when the schema was seen and has it, false when it has it not, null when nobody knows. */
  offers(name: OperationName): boolean | null {
    const draft = this.#fromSchema.get(name);
    return draft === undefined ? null : draft !== null;
  }

  learn(protocol: KosmiProtocol, schema: Schema): void {
    this.#drafts.clear();
    for (const [name, spec] of entriesOf(protocol.operations)) {
      this.#fromSchema.set(name, draftFromSchema(protocol, spec, schema));
    }
  }

  /** Starts anew: what was learned no longer holds. */
  forget(name: OperationName): void {
    this.#drafts.delete(name);
    this.#fromSchema.delete(name);
  }
}

/** Runs operations by name on one link, mending their documents by what the server says. */
export class OperationRunner {
  readonly #link: KosmiLink;
  readonly #protocol: KosmiProtocol;
  readonly #book: DraftBook;
  readonly #log: Logger;
  readonly #said: OnceLog;

  constructor(options: {
    readonly link: KosmiLink;
    readonly protocol: KosmiProtocol;
    readonly book: DraftBook;
    readonly log: Logger;
    readonly said: OnceLog;
  }) {
    this.#link = options.link;
    this.#protocol = options.protocol;
    this.#book = options.book;
    this.#log = options.log;
    this.#said = options.said;
  }

  /**
   * Asks for the schema and learns from it; without one everything goes on with the default documents. Waits no longer
   * than the limit for it, but learns from a late answer too.
   */
  async introspect(): Promise<void> {
    if (!this.#protocol.introspection || this.#book.schemaAttempts <= 0) return;
    this.#book.schemaAttempts--;
    const request = { title: "RelaySchema", text: INTROSPECTION, variables: {} };
    const { introspectionTimeoutMs, operationTimeoutMs } = this.#protocol.limits;
    const learned = this.#link.request(request, operationTimeoutMs).then(
      (answer) => this.#learn(answer),
      () => this.#log.debug("Kosmi did not answer the question for its schema"),
    );
    const patience = new Promise<void>((resolve) => {
      const cancel = this.#link.deadlines.add(introspectionTimeoutMs, resolve);
      void learned.then(cancel);
    });
    await Promise.race([learned, patience]);
  }

  #learn(answer: OperationAnswer): void {
    const schema = readSchema(answer.data);
    if (schema === null) {
      const said = describeErrors(answer.errors);
      this.#log.debug("Kosmi does not show its schema: {said}", { said });
      this.#book.schemaAttempts = 0;
      return;
    }
    this.#book.learn(this.#protocol, schema);
    this.#book.schemaAttempts = 2;
  }

  /** True when the server's schema shows the operation, null when it could not be asked. */
  offers(name: OperationName): boolean | null {
    return this.#book.offers(name);
  }

  /**
   * Runs a query or mutation. Rejects with an OperationMissingError, a DeadlineError (no answer) or a
   * LinkEndedError. A document that does not validate was not executed, so that mending it can't do a thing twice.
   */
  async run(name: OperationName, values: Variables): Promise<OperationResult> {
    const spec = this.#protocol.operations[name];
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const draft = this.#book.draft(name, spec);
      const document = buildDocument(this.#protocol, spec, draft, values);
      const answer = await this.#ask(spec, document);
      if (!failedToValidate(answer)) {
        return { value: rootValue(answer.data, document.root), errors: answer.errors };
      }
      this.#mend(name, { draft, document }, answer.errors);
    }
    throw new OperationMissingError(
      `Cannot run ${spec.title} at Kosmi: its document is not accepted`,
    );
  }

  /** Starts a subscription, starting it anew with a mended document when the server doesn't accept it. */
  subscribe(name: OperationName, values: Variables, handler: SubscriptionHandler): Subscription {
    let stopped = false;
    let dispose = () => {};
    let rounds = 0;
    const start = () => {
      const spec = this.#protocol.operations[name];
      const draft = this.#book.draft(name, spec);
      const document = buildDocument(this.#protocol, spec, draft, values);
      const end = (errors: readonly GraphqlError[]) => {
        if (stopped) return;
        const why = this.#restartable(name, { draft, document }, errors, ++rounds);
        if (why === null) {
          start();
          return handler.restarted?.();
        }
        stopped = true;
        handler.ended(why.reason, why.missing);
      };
      dispose = this.#link.subscribe(request(spec, document), {
        next: (answer) => {
          if (stopped) return;
          if (failedToValidate(answer)) return end(answer.errors);
          if (answer.errors.length > 0) this.#sayErrors(spec, answer.errors);
          const value = rootValue(answer.data, document.root);
          if (value !== null && value !== undefined) handler.next(value);
        },
        ended: end,
      });
    };
    start();
    return {
      stop: () => {
        if (stopped) return;
        stopped = true;
        dispose();
      },
    };
  }

  #ask(spec: OperationSpec, document: Document): Promise<OperationAnswer> {
    return this.#link.request(
      request(spec, document),
      this.#protocol.limits.operationTimeoutMs,
    );
  }

  /** Null: try again. */
  #restartable(
    name: OperationName,
    asked: Asked,
    errors: readonly GraphqlError[],
    rounds: number,
  ): { readonly reason: string; readonly missing: boolean } | null {
    if (errors.length === 0) return { reason: "Kosmi ended the subscription", missing: false };
    if (!isValidationFailure(errors)) return { reason: describeErrors(errors), missing: false };
    if (rounds >= MOST_ROUNDS) return { reason: describeErrors(errors), missing: true };
    try {
      this.#mend(name, asked, errors);
      return null;
    } catch (thrown) {
      return { reason: thrown instanceof Error ? thrown.message : String(thrown), missing: true };
    }
  }

  #mend(name: OperationName, asked: Asked, errors: readonly GraphqlError[]): void {
    const spec = this.#protocol.operations[name];
    const { draft, document } = asked;
    // The schema came meanwhile: these errors speak of what is no longer asked.
    if (this.#book.draft(name, spec) !== draft) return;
    const repair = repairDraft({ protocol: this.#protocol, spec, draft, document }, errors);
    if (repair.notes.length > 0) {
      this.#log.debug("Kosmi has changed: {title} goes on without: {notes}", {
        title: spec.title,
        notes: repair.notes.join(", "),
      });
    }
    if (repair.missing.length === 0 && repair.changed) return;
    const what = repair.missing.length > 0
      ? `it no longer has ${repair.missing.join(", ")}`
      : describeErrors(errors);
    this.#book.forget(name);
    throw new OperationMissingError(`Cannot run ${spec.title} at Kosmi: ${what}`);
  }

  #sayErrors(spec: OperationSpec, errors: readonly GraphqlError[]): void {
    const said = describeErrors(errors);
    this.#said.warn(`${spec.title} ${said}`, "Kosmi reports errors in {title}: {said}", {
      title: spec.title,
      said,
    });
  }
}

function request(spec: OperationSpec, document: Document) {
  return { title: spec.title, text: document.text, variables: document.variables };
}

/** An answer with data was executed, whatever its errors say. */
function failedToValidate(answer: OperationAnswer): boolean {
  return answer.data === null && isValidationFailure(answer.errors);
}

/** The root field's value; under another name (an alias of the server's, an override) the only one there is. */
function rootValue(data: unknown, root: string): unknown {
  if (typeof data !== "object" || data === null) return null;
  if (Object.hasOwn(data, root)) return property(data, root);
  return Object.values(data)[0] ?? null;
}

function entriesOf(
  operations: KosmiProtocol["operations"],
): (readonly [OperationName, OperationSpec])[] {
  // Object.entries widens the keys; the record has exactly these.
  return Object.entries(operations) as [OperationName, OperationSpec][];
}
