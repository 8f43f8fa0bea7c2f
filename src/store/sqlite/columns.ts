import type { SQLOutputValue } from "node:sqlite";
import { isRecord } from "../../base/json.ts";
import type { Outgoing, Part } from "../../relay/port/bridge.ts";
import type { Person } from "../../relay/port/event.ts";
import type { Span } from "../../relay/port/rich_text.ts";
import { DamagedRowError } from "./store_fault.ts";

export type Row = Record<string, SQLOutputValue>;

/** A number column; throws DamagedRowError. */
export function numberIn(row: Row, column: string): number {
  const value = row[column];
  if (typeof value === "number") return value;
  throw new DamagedRowError(
    `Cannot read column ${column}: found ${typeof value}, expected a number`,
  );
}

/** A text column as `toText` wrote it; throws DamagedRowError. */
export function textIn(row: Row, column: string): string {
  const value = row[column];
  if (typeof value === "string") return fromText(value);
  throw new DamagedRowError(`Cannot read column ${column}: found ${typeof value}, expected text`);
}

export function textOrNullIn(row: Row, column: string): string | null {
  return row[column] === null ? null : textIn(row, column);
}

export function numberOrNullIn(row: Row, column: string): number | null {
  return row[column] === null ? null : numberIn(row, column);
}

/** A column of JSON that passed the gate `holds`; throws DamagedRowError. */
export function jsonIn<T>(row: Row, column: string, holds: (value: unknown) => value is T): T {
  const value = parse(textIn(row, column));
  if (holds(value)) return value;
  throw new DamagedRowError(`Cannot read column ${column}: its JSON is not what was written`);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

// U+0001 starts what could not be stored as it is.
const ESCAPE = "\u0001";

/**
 * Text as a column can hold it. SQLite ends a text at NUL and has no lone surrogates: two different ids would become
 * one, and a message would pass for a repetition.
 */
export function toText(text: string): string {
  return text.isWellFormed() && !text.includes("\0") && !text.startsWith(ESCAPE)
    ? text
    : ESCAPE + JSON.stringify(text);
}

function fromText(stored: string): string {
  if (!stored.startsWith(ESCAPE)) return stored;
  const text = parse(stored.slice(1));
  if (typeof text === "string") return text;
  throw new DamagedRowError("Cannot read a text: its escape is not what was written");
}

/** A short number for an index: FNV-1a over the UTF-16 units. Different texts may share one. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash;
}

const PAGE = 64;

/**
 * Rows page by page, and one by one where a page can't be read, so that all before a damage is seen. `read` answers
 * the rows behind `last`. Throws what `read` throws, unlike a statement's `iterate`, which in Deno 2.9 ends silently
 * at a bad page.
 */
export function* scan(read: (last: Row | null, limit: number) => readonly Row[]): Iterable<Row> {
  let last: Row | null = null;
  let limit = PAGE;
  for (;;) {
    const rows: readonly Row[] | null = limit === 1 ? read(last, 1) : readOrNull(read, last, limit);
    if (rows === null) {
      limit = 1;
      continue;
    }
    yield* rows;
    if (rows.length < limit) return;
    last = rows[rows.length - 1] ?? null;
  }
}

function readOrNull(
  read: (last: Row | null, limit: number) => readonly Row[],
  last: Row | null,
  limit: number,
): readonly Row[] | null {
  try {
    return read(last, limit);
  } catch {
    return null;
  }
}

/** The gate for what was stored as JSON: a delivery's content. */
export function isOutgoing(value: unknown): value is Outgoing {
  if (!isRecord(value)) return false;
  switch (value["kind"]) {
    case "message":
      return isRichText(value["prefix"]) && isRichText(value["text"]) &&
        typeof value["action"] === "boolean" && isTextOrNull(value["replyTo"]) &&
        (value["sender"] === null || isSender(value["sender"]));
    case "deletion":
      return typeof value["target"] === "string";
    case "topic":
      return typeof value["topic"] === "string";
    case "reaction":
      return typeof value["target"] === "string" && typeof value["key"] === "string" &&
        typeof value["removed"] === "boolean";
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

const PART_KINDS: readonly unknown[] = ["message", "deletion", "topic", "reaction"];

function isPart(value: unknown): boolean {
  return isRecord(value) &&
    PART_KINDS.includes(value["kind"]) &&
    typeof value["wire"] === "string" && isTextOrNull(value["target"]) &&
    isTextOrNull(value["speaker"]);
}

function isSender(value: unknown): boolean {
  return isRecord(value) && typeof value["account"] === "string" && isPerson(value["person"]);
}

function isPerson(value: unknown): value is Person {
  return isRecord(value) && typeof value["id"] === "string" && typeof value["nick"] === "string" &&
    typeof value["userId"] === "string";
}

function isRichText(value: unknown): value is readonly Span[] {
  return Array.isArray(value) && value.every(isSpan);
}

function isSpan(value: unknown): value is Span {
  return isRecord(value) && typeof value["text"] === "string" && isRecord(value["style"]);
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === "string";
}
