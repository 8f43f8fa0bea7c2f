import { type CleanOptions, type CleanValue, cleanValue } from "./clean_value.ts";
import type { Redactor } from "./redactor.ts";

/** A record without secrets, its message filled in: what a format writes out. */
export interface LogLine {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly category: string;
  readonly message: string;
  readonly properties: ReadonlyMap<string, CleanValue>;
  /** Names of the properties that the message shows already. */
  readonly shown: ReadonlySet<string>;
}

/** Takes the secrets out of a record and fills its message in. */
export function cleanLine(record: LogRecord, redactor: Redactor, options: CleanOptions): LogLine {
  const properties = cleanProperties(record, redactor, options);
  const shown = new Set<string>();
  const filled = record.template.replace(/\{\{|\}\}|\{([^{}]+)\}/g, (found, name?: string) => {
    if (name === undefined) return found.charAt(0);
    const value = properties.get(name);
    if (value === undefined) return found;
    shown.add(name);
    return valueText(value);
  });
  return {
    atMs: record.atMs,
    level: record.level,
    category: redactor.text(record.category.join(".")),
    // Once more on the whole: parts that are harmless alone can make a secret together.
    message: redactor.text(filled),
    properties,
    shown,
  };
}

function cleanProperties(
  record: LogRecord,
  redactor: Redactor,
  options: CleanOptions,
): ReadonlyMap<string, CleanValue> {
  const clean = cleanValue(record.properties, redactor, options);
  return new Map(isFields(clean) ? Object.entries(clean) : [["properties", clean]]);
}

function isFields(value: CleanValue): value is { readonly [name: string]: CleanValue } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value inside a text: strings as they are, all else as JSON. */
export function valueText(value: CleanValue): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** How much a line matters. The names are those that Matterbridge prints. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** One line to be, as the logger was called: nothing redacted, nothing rendered. */
export interface LogRecord {
  readonly atMs: number;
  readonly level: LogLevel;
  readonly category: readonly string[];
  readonly template: string;
  readonly properties: Readonly<Record<string, unknown>>;
}
