import type { SQLOutputValue } from "node:sqlite";
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
