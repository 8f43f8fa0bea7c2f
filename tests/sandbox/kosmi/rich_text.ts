import { property } from "../../../src/base/json.ts";
import { KosmiError } from "./errors.ts";
import type { RichForm } from "./variants.ts";

/** Texts that a service keeps in pieces. */

interface RichType {
  readonly type: string;
  readonly definition: string;
}

export const RICH_TYPES: Readonly<
  Record<RichForm, { readonly output: RichType; readonly input: RichType }>
> = {
  objects: {
    output: { type: "[TextPart]", definition: "type TextPart { kind: String text: String }" },
    input: {
      type: "[TextPartInput!]",
      definition:
        "enum PartKind { MENTION PLAIN } input TextPartInput { kind: PartKind! text: String! }",
    },
  },
  strings: {
    output: { type: "[String]", definition: "" },
    input: { type: "[String!]", definition: "" },
  },
  document: {
    output: { type: "JSON", definition: "scalar JSON" },
    input: { type: "JSON", definition: "scalar JSON" },
  },
};

/** A text in pieces: it is cut at its blanks. */
export function toRich(form: RichForm, text: unknown): unknown {
  if (typeof text !== "string") return text;
  switch (form) {
    case "objects":
      return piecesOf(text).map((piece) => ({ kind: "PLAIN", text: piece }));
    case "strings":
      return piecesOf(text);
    case "document": {
      const content = text.split("\n").map((line) => ({
        type: "paragraph",
        content: piecesOf(line).map((piece) => ({ type: "text", text: piece })),
      }));
      return { type: "doc", content };
    }
  }
}

/** Throws for what is no document where one is wanted. */
export function fromRich(form: RichForm, value: unknown): unknown {
  if (form === "document" && property(value, "type") !== "doc") {
    throw new KosmiError("INVALID_DOCUMENT");
  }
  return joined(value);
}

function joined(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(joined).join("");
  if (typeof value !== "object" || value === null) return value;
  const { type, text, content } = value as Record<string, unknown>;
  if (type !== "doc") return text ?? joined(content) ?? "";
  return Array.isArray(content) ? content.map(joined).join("\n") : "";
}

function piecesOf(text: string): readonly string[] {
  return text.split(/(?<= )/).filter((piece) => piece !== "");
}
