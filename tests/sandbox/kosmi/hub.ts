import type { EventRenderer, RunnableDocument } from "./documents.ts";
import type { KosmiVariants } from "./variants.ts";

/** What a subscription needs of its socket. */
export interface Subscriber {
  send(frame: string): void;
  terminate(): void;
}

export interface Subscription {
  readonly subscriber: Subscriber;
  readonly id: string;
  /** The root field by its original name, whatever a variant calls it. */
  readonly field: string;
  readonly roomId: string;
  /** Null: every channel of the room. */
  readonly channelId: string | null;
  readonly document: RunnableDocument;
  readonly variablesKey: string;
  readonly render: EventRenderer;
  /** False when it was made before joinRoom on the same socket, or its socket left the room since. */
  live: boolean;
}

/** Brings events to subscriptions. An event is rendered once per document, however many sockets sent that document. */
export class Hub {
  readonly #byTopic = new Map<string, Set<Subscription>>();

  add(subscription: Subscription): void {
    const topic = topicOf(subscription.field, subscription.roomId);
    const subscriptions = this.#byTopic.get(topic) ?? new Set();
    subscriptions.add(subscription);
    this.#byTopic.set(topic, subscriptions);
  }

  remove(subscription: Subscription): void {
    const topic = topicOf(subscription.field, subscription.roomId);
    const subscriptions = this.#byTopic.get(topic);
    subscriptions?.delete(subscription);
    if (subscriptions?.size === 0) this.#byTopic.delete(topic);
  }

  publish(
    event: { field: string; roomId: string; channelId?: string; value: unknown; copies?: number },
    beforeJoin: KosmiVariants["beforeJoin"],
  ): void {
    const subscriptions = this.#byTopic.get(topicOf(event.field, event.roomId));
    if (subscriptions === undefined) return;
    const root = { [event.field]: event.value };
    const rendered = new Map<RunnableDocument, Map<string, string>>();
    for (const subscription of [...subscriptions]) {
      if (!concerns(subscription, event.channelId)) continue;
      if (!subscription.live && beforeJoin === "nothing") continue;
      const frame = `{"id":${JSON.stringify(subscription.id)},"type":"next","payload":${
        payloadFor(subscription, root, rendered)
      }}`;
      for (let copy = 0; copy < (event.copies ?? 1); copy++) subscription.subscriber.send(frame);
      if (!subscription.live && beforeJoin === "one-then-1006") subscription.subscriber.terminate();
    }
  }
}

function topicOf(field: string, roomId: string): string {
  return `${field} ${roomId}`;
}

function concerns(subscription: Subscription, channelId: string | undefined): boolean {
  return channelId === undefined || subscription.channelId === null ||
    subscription.channelId === channelId;
}

function payloadFor(
  subscription: Subscription,
  root: Record<string, unknown>,
  rendered: Map<RunnableDocument, Map<string, string>>,
): string {
  const byVariables = rendered.get(subscription.document) ?? new Map<string, string>();
  rendered.set(subscription.document, byVariables);
  const known = byVariables.get(subscription.variablesKey);
  if (known !== undefined) return known;
  const payload = JSON.stringify(subscription.render(root));
  byVariables.set(subscription.variablesKey, payload);
  return payload;
}
