import type { Outgoing, Part } from "../../relay/bridge.ts";
import type { Person } from "../../relay/event.ts";
import type { Span } from "../../relay/rich_text.ts";

type Fields = { readonly [name: string]: unknown };

/** The gate for what was stored as JSON: a delivery's content. */
export function isOutgoing(value: unknown): value is Outgoing {
  if (!isFields(value)) return false;
  switch (value["kind"]) {
    case "message":
      return isRichText(value["prefix"]) && isRichText(value["text"]) &&
        typeof value["action"] === "boolean" && isTextOrNull(value["replyTo"]) &&
        (value["sender"] === null || isSender(value["sender"]));
    case "deletion":
      return typeof value["target"] === "string";
    case "topic":
      return typeof value["topic"] === "string";
    default:
      return false;
  }
}

export function isParts(value: unknown): value is readonly Part[] {
  return Array.isArray(value) && value.every(isPart);
}

export function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}

/** [delivery, endpoint] pairs. */
export type Targets = readonly (readonly [number, number])[];

export function isTargets(value: unknown): value is Targets {
  return Array.isArray(value) && value.every((pair) => isNumbers(pair) && pair.length === 2);
}

function isPart(value: unknown): boolean {
  return isFields(value) &&
    (value["kind"] === "message" || value["kind"] === "deletion" || value["kind"] === "topic") &&
    typeof value["wire"] === "string" && isTextOrNull(value["target"]) &&
    isTextOrNull(value["speaker"]);
}

function isSender(value: unknown): boolean {
  return isFields(value) && typeof value["account"] === "string" && isPerson(value["person"]);
}

function isPerson(value: unknown): value is Person {
  return isFields(value) && typeof value["id"] === "string" && typeof value["nick"] === "string" &&
    typeof value["userId"] === "string";
}

function isRichText(value: unknown): value is readonly Span[] {
  return Array.isArray(value) && value.every(isSpan);
}

function isSpan(value: unknown): value is Span {
  return isFields(value) && typeof value["text"] === "string" && isFields(value["style"]);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
