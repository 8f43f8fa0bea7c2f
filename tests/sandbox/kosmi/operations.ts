import type { AbsintheError } from "./absinthe.ts";
import type { KosmiCore } from "./core.ts";
import { prepareSubscription, type RunnableDocument, runOperation } from "./documents.ts";
import { isRecord, recordOperation } from "./frames.ts";
import type { Subscription } from "./hub.ts";
import { seededRandom } from "./random.ts";
import { type OperationContext, rootFields } from "./resolvers.ts";
import type { SocketSession } from "./session.ts";
import type { KosmiVariants } from "./variants.ts";

/** The operations of one socket: runs them, answers them, and keeps its subscriptions. */
export class SocketOperations {
  readonly #core: KosmiCore;
  readonly #session: SocketSession;
  readonly #root: object;
  readonly #subscriptions = new Map<string, Subscription>();
  #random: { key: KosmiVariants["shuffle"]; next: () => number } = { key: null, next: () => 0 };

  constructor(core: KosmiCore, session: SocketSession) {
    this.#core = core;
    this.#session = session;
    this.#root = rootFields(core);
  }

  /** Root fields of the subscriptions, in the order they were made. */
  fields(): string[] {
    return [...this.#subscriptions.values()].map((subscription) => subscription.field);
  }

  /** Subscriptions of a room that was left stay, and get nothing more. */
  roomLeft(roomId: string): void {
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.roomId === roomId) subscription.live = false;
    }
  }

  close(): void {
    for (const subscription of this.#subscriptions.values()) this.#core.hub.remove(subscription);
    this.#subscriptions.clear();
  }

  run(id: unknown, payload: unknown): void {
    const query = isRecord(payload) && typeof payload["query"] === "string" ? payload["query"] : "";
    const given = isRecord(payload) ? payload["variables"] : null;
    const variables = isRecord(given) ? given : {};
    const compiled = this.#core.documents.socket.compile(query);
    recordOperation(this.#core, this.#session.id, compiled, query, variables);
    if (compiled.kind === "invalid") return this.#refuse(id, compiled.errors);
    if (concerns(this.#core.variants.crash, compiled)) return;
    if (compiled.kind === "subscription") return this.#subscribe(id, compiled, variables);
    const context: OperationContext = { session: this.#session, afterReply: [] };
    const result = runOperation(compiled, variables, this.#root, context);
    if (!concerns(this.#core.variants.noReply, compiled)) {
      if (result.data === undefined) this.#refuse(id, result.errors ?? []);
      else this.#answer(id, JSON.stringify(result));
    }
    for (const action of context.afterReply) action();
  }

  #subscribe(id: unknown, document: RunnableDocument, variables: Record<string, unknown>): void {
    const prepared = prepareSubscription(document, variables);
    if ("errors" in prepared) return this.#refuse(id, prepared.errors);
    const { field, args, render } = prepared;
    const roomId = String(args["roomId"] ?? args["id"]);
    const channelId = args["channelId"];
    const subscription: Subscription = {
      subscriber: this.#session,
      id: String(id),
      field,
      roomId,
      channelId: typeof channelId === "string" ? channelId : null,
      document,
      variablesKey: JSON.stringify(variables),
      render,
      live: this.#session.joined.has(roomId),
    };
    this.unsubscribe(subscription.id);
    this.#subscriptions.set(subscription.id, subscription);
    this.#core.hub.add(subscription);
    this.#core.counters.subscriptions += 1;
    this.#core.waiting.changed();
  }

  unsubscribe(id: string): void {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) return;
    this.#subscriptions.delete(id);
    this.#core.hub.remove(subscription);
  }

  #answer(id: unknown, payload: string): void {
    const idText = JSON.stringify(id);
    const next = `{"id":${idText},"type":"next","payload":${payload}}`;
    const complete = `{"id":${idText},"type":"complete","payload":{}}`;
    const firstMs = this.#randomDelay();
    this.#session.later(firstMs, () => this.#session.send(next));
    this.#session.later(
      firstMs === 0 ? 0 : firstMs + this.#randomDelay(),
      () => this.#session.send(complete),
    );
  }

  #refuse(id: unknown, errors: readonly AbsintheError[]): void {
    const frame = JSON.stringify({ id, type: "error", payload: errors });
    this.#session.later(this.#randomDelay(), () => this.#session.send(frame));
  }

  #randomDelay(): number {
    const { shuffle } = this.#core.variants;
    if (shuffle === null) return 0;
    if (this.#random.key !== shuffle) {
      this.#random = { key: shuffle, next: seededRandom(shuffle.seed + this.#session.id) };
    }
    return 1 + this.#random.next() * shuffle.maxDelayMs;
  }
}

/** Whether a list of root fields or operation names has this document. */
function concerns(names: readonly string[], compiled: RunnableDocument): boolean {
  if (names.length === 0) return false;
  return compiled.fields.some((field) => names.includes(field)) ||
    (compiled.name !== null && names.includes(compiled.name));
}
