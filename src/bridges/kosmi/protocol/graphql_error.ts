import { property } from "../../../base/json.ts";

/** An error as a GraphQL server reports it, as far as it could be read. */
export interface GraphqlError {
  readonly message: string;
  /** `extensions.code` or `code`, "" where there is none. */
  readonly code: string;
  /** Line of the document that it is about, from 1. */
  readonly line: number | null;
}

/** Reads errors out of anything: a list of errors, one error, or a text. Empty when nothing was there. */
export function readErrors(raw: unknown): readonly GraphqlError[] {
  if (raw === undefined || raw === null) return [];
  const list: readonly unknown[] = Array.isArray(raw) ? raw : [raw];
  return list.slice(0, 200).map(readError);
}

function readError(raw: unknown): GraphqlError {
  if (typeof raw === "string") return { message: raw, code: "", line: null };
  const message = text(property(raw, "message"));
  const code = text(property(property(raw, "extensions"), "code")) || text(property(raw, "code"));
  const locations = property(raw, "locations");
  const line = property(Array.isArray(locations) ? locations[0] : null, "line");
  return {
    message: message || code || shown(raw),
    code,
    line: typeof line === "number" && Number.isInteger(line) ? line : null,
  };
}

/** What people read of errors: their texts on one line, not too long. */
export function describeErrors(errors: readonly GraphqlError[]): string {
  const texts = errors.map((error) =>
    error.code === "" || error.message.includes(error.code)
      ? error.message
      : `${error.message} (${error.code})`
  );
  const line = [...new Set(texts)].join("; ").replace(/\s+/g, " ").trim();
  return line.length > 300 ? `${line.slice(0, 300)}…` : line;
}

/** True when a message or code of these errors matches one of the patterns (regular expressions, letter case ignored). */
export function errorsMatch(errors: readonly GraphqlError[], patterns: readonly string[]): boolean {
  return errors.some((error) => {
    const said = `${error.code} ${error.message}`.slice(0, 2_000);
    return patterns.some((pattern) => matches(said, pattern));
  });
}

function matches(said: string, pattern: string): boolean {
  try {
    return new RegExp(pattern, "i").test(said);
  } catch {
    // A pattern from the configuration that is no regular expression is taken as plain text.
    return said.toLowerCase().includes(pattern.toLowerCase());
  }
}

function text(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

function shown(raw: unknown): string {
  try {
    return JSON.stringify(raw)?.slice(0, 200) ?? "an error without a text";
  } catch {
    return "an error without a text";
  }
}
