import { describeError } from "../base/errors.ts";
import type { Redactor } from "./redactor.ts";
import { REDACTED } from "./secret_patterns.ts";

/** A value that may be shown: no secrets, no cycles, no objects with a life of their own. */
export type CleanValue =
  | string
  | number
  | boolean
  | null
  | readonly CleanValue[]
  | { readonly [name: string]: CleanValue };

/** `"line"`: an error is one line with its causes; `"parts"`: name, message, causes; with the stack where wanted. */
export interface CleanOptions {
  readonly errors: "line" | "parts";
  readonly stacks: boolean;
}

const DEEPEST = 6;
const MOST_ENTRIES = 50;

/** Turns anything into something that may be shown. Never throws: what can't be read says so. */
export function cleanValue(value: unknown, redactor: Redactor, options: CleanOptions): CleanValue {
  return new Cleaner(redactor, options).any(value, 0);
}

class Cleaner {
  readonly #redactor: Redactor;
  readonly #options: CleanOptions;
  readonly #open = new Set<object>();

  constructor(redactor: Redactor, options: CleanOptions) {
    this.#redactor = redactor;
    this.#options = options;
  }

  any(value: unknown, depth: number): CleanValue {
    try {
      return typeof value === "object" && value !== null
        ? this.#object(value, depth)
        : this.#primitive(value);
    } catch {
      return "[unreadable]";
    }
  }

  #primitive(value: unknown): CleanValue {
    if (value === null || value === undefined || typeof value === "boolean") return value ?? null;
    if (typeof value === "function") return "[function]";
    const text = String(value);
    const clean = this.#redactor.text(text);
    return typeof value === "number" && Number.isFinite(value) && clean === text ? value : clean;
  }

  #object(value: object, depth: number): CleanValue {
    if (this.#open.has(value)) return "[circular]";
    if (depth > DEEPEST) return "[too deep]";
    this.#open.add(value);
    try {
      return this.#known(value, depth) ?? this.#fields(namedEntries(value), depth);
    } finally {
      this.#open.delete(value);
    }
  }

  #known(value: object, depth: number): CleanValue | null {
    if (value instanceof Error) return this.#error(value, depth);
    if (value instanceof Date) {
      return Number.isNaN(value.getTime()) ? "invalid date" : value.toISOString();
    }
    if (value instanceof URL || value instanceof RegExp) return this.#redactor.text(String(value));
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) {
      return `[${value.byteLength} bytes]`;
    }
    if (Array.isArray(value)) return this.#list(value, depth);
    if (value instanceof Set) return this.#list([...value], depth);
    if (value instanceof Map || value instanceof Headers || value instanceof URLSearchParams) {
      return this.#fields([...value].map(([name, held]) => [String(name), () => held]), depth);
    }
    return null;
  }

  #list(items: readonly unknown[], depth: number): CleanValue {
    // [["password", "…"]] is how entries of a map travel.
    const [name, held] = items;
    if (items.length === 2 && typeof name === "string" && this.#redactor.hides(name, held)) {
      return [this.#redactor.text(name), REDACTED];
    }
    const shown = items.slice(0, MOST_ENTRIES).map((item) => this.any(item, depth + 1));
    const left = items.length - shown.length;
    return left > 0 ? [...shown, `[${left} more]`] : shown;
  }

  #fields(entries: readonly Entry[], depth: number): CleanValue {
    const clean: [string, CleanValue][] = [];
    for (const [name, read] of entries.slice(0, MOST_ENTRIES)) {
      clean.push([this.#redactor.text(name), this.#field(name, read, depth)]);
    }
    const left = entries.length - clean.length;
    if (left > 0) clean.push(["…", `[${left} more]`]);
    const initFrame = entries.some(([name, read]) =>
      name === "type" && readOr(read) === "connection_init"
    );
    if (initFrame) return { type: "connection_init", payload: REDACTED };
    return Object.fromEntries(clean);
  }

  #field(name: string, read: () => unknown, depth: number): CleanValue {
    try {
      const value = read();
      return this.#redactor.hides(name, value) ? REDACTED : this.any(value, depth + 1);
    } catch {
      return "[unreadable]";
    }
  }

  #error(error: Error, depth: number): CleanValue {
    const stack = this.#options.stacks ? this.#redactor.text(framesOf(error)) : "";
    if (this.#options.errors === "line") {
      const line = this.#redactor.text(describeError(error));
      return stack === "" ? line : `${line}\n${stack}`;
    }
    const own = namedEntries(error).filter(([name]) => !ERROR_FIELDS.has(name));
    return {
      name: this.#redactor.text(String(error.name)),
      message: this.#redactor.text(String(error.message)),
      ...(stack === "" ? {} : { stack }),
      ...(error.cause === undefined ? {} : { cause: this.any(error.cause, depth + 1) }),
      ...(error instanceof AggregateError ? { errors: this.any(error.errors, depth + 1) } : {}),
      ...(own.length === 0 ? {} : { details: this.#fields(own, depth) }),
    };
  }
}

const ERROR_FIELDS: ReadonlySet<string> = new Set(["name", "message", "stack", "cause", "errors"]);

/** Where it was thrown; without the message, which stands in front of the frames. */
function framesOf(error: Error): string {
  const stack = typeof error.stack === "string" ? error.stack : "";
  return stack.split("\n").filter((line) => /^\s+at /.test(line)).join("\n");
}

/** A field's name and how to read it: reading may run a getter, and throw. */
type Entry = readonly [name: string, read: () => unknown];

function namedEntries(value: object): Entry[] {
  return Object.keys(value).map((name) => [name, () => Reflect.get(value, name)]);
}

function readOr(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
