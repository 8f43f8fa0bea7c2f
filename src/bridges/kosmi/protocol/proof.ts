import { property } from "../../../base/json.ts";
import { fieldsOf } from "./decode.ts";
import type { KosmiProtocol } from "./protocol.ts";
import type { Field } from "./roles.ts";

/** What we sent and have not seen yet, and who we are: by this a message of ours proves which of its fields is what. */
export interface OwnWords {
  readonly texts: readonly string[];
  readonly userIds: ReadonlySet<string>;
}

/**
 * The fields of an answer that shows a message of ours, named by what they hold: the string that equals what was sent is the
 * text, the object with our own id is the author. Null where it does not show one.
 */
export function provenFields(
  protocol: KosmiProtocol,
  value: unknown,
  own: OwnWords,
): readonly Field[] | null {
  const { message, user } = protocol.shapes;
  const text = message["text"]?.names[0] ?? "";
  const sender = message["sender"]?.names[0] ?? "";
  const id = user["id"]?.names[0] ?? "";
  const found = new Set<string>();
  const isOwnId = (leaf: unknown) => typeof leaf === "string" && own.userIds.has(leaf);
  const named = (field: Field, name: string): Field => {
    found.add(name);
    return { ...field, name };
  };
  const name = (fields: readonly Field[], at: unknown): readonly Field[] =>
    fields.map((field) => {
      const inner = property(at, field.key);
      if (typeof inner === "string" && own.texts.includes(inner)) return named(field, text);
      if (field.fields.length === 0) return field;
      const below = { ...field, fields: name(field.fields, inner) };
      const key = field.fields.find((each) => isOwnId(property(inner, each.key)))?.key;
      if (key === undefined) return below;
      const fields = below.fields.map((each) => each.key === key ? { ...each, name: id } : each);
      return named({ ...below, fields }, sender);
    });
  const fields = name(fieldsOf(value), value);
  return found.has(text) && found.has(sender) ? fields : null;
}
