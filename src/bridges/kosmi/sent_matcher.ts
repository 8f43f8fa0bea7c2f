import type { MessageId } from "../../relay/ids.ts";
import type { KosmiMessage } from "./decode.ts";

/** A message on its way, as far as telling it again when the room shows it goes. */
export interface Sending {
  readonly wire: string;
  /** The id that the mutation returned. */
  answeredId: MessageId | null;
  /** The id under which the room showed it. */
  seenId: MessageId | null;
}

/**
 * Finds the sent message that a shown message of our own account is: by the id that the mutation returned, else the
 * oldest with the same text, else (the service may alter texts) the only one under way.
 */
export class SentMatcher<T extends Sending> {
  #open: T[] = [];

  /** To be called in the order of sending. */
  expect(sending: T): void {
    this.#open.push(sending);
  }

  forget(sending: T): void {
    this.#open = this.#open.filter((each) => each !== sending);
  }

  /** `certain`: by id or text. The match is marked as seen and not found again. */
  shown(message: KosmiMessage): { readonly sending: T; readonly certain: boolean } | null {
    const waiting = this.#open.filter((each) => each.seenId === null);
    const known = waiting.find((each) => each.answeredId === message.id) ??
      this.#byText(waiting.filter((each) => each.answeredId === null), message.text) ??
      this.#byText(waiting, message.text);
    const found = known ?? (waiting.length === 1 ? waiting[0] : undefined);
    if (found === undefined) return null;
    found.seenId = message.id;
    return { sending: found, certain: known !== undefined };
  }

  #byText(waiting: readonly T[], text: string): T | undefined {
    return waiting.find((each) => each.wire === text) ??
      waiting.find((each) => sameText(each.wire, text));
  }
}

/** The same but for white space, normal form, and what HTML escaping does. */
export function sameText(one: string, other: string): boolean {
  return one === other || bare(one) === bare(other);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&#x27;": "'",
};

function bare(text: string): string {
  return text.replace(
    /&(?:amp|lt|gt|quot|#39|#x27);/gi,
    (entity) => ENTITIES[entity.toLowerCase()] ?? entity,
  ).replace(/\s+/g, " ").trim().normalize("NFC");
}
