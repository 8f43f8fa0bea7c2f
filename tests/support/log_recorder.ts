import type { Logger, LogProperties } from "../../src/base/log.ts";
import { Changes } from "./wait.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

export interface LogRecord {
  readonly level: LogLevel;
  readonly template: string;
  /** Those of the call and of every `with` above it. */
  readonly properties: LogProperties;
  /** The template with its properties filled in: what a reader sees. */
  readonly text: string;
}

/** A Logger that keeps what was said, for tests to look at and to wait for. */
export class LogRecorder implements Logger {
  readonly #records: LogRecord[];
  readonly #changes: Changes;
  readonly #properties: LogProperties;

  constructor(
    parent?: { records: LogRecord[]; changes: Changes; properties: LogProperties },
  ) {
    this.#records = parent?.records ?? [];
    this.#changes = parent?.changes ?? new Changes();
    this.#properties = parent?.properties ?? {};
  }

  /** Everything that was said to this logger, its parent and its children. */
  get records(): readonly LogRecord[] {
    return this.#records;
  }

  debug(template: string, properties?: LogProperties): void {
    this.#add("debug", template, properties);
  }

  info(template: string, properties?: LogProperties): void {
    this.#add("info", template, properties);
  }

  warn(template: string, properties?: LogProperties): void {
    this.#add("warn", template, properties);
  }

  error(template: string, properties?: LogProperties): void {
    this.#add("error", template, properties);
  }

  with(properties: LogProperties): LogRecorder {
    return new LogRecorder({
      records: this.#records,
      changes: this.#changes,
      properties: { ...this.#properties, ...properties },
    });
  }

  /** Texts, of one level or of all. */
  texts(level?: LogLevel): string[] {
    return this.#records.filter((record) => level === undefined || record.level === level)
      .map((record) => record.text);
  }

  /** The first line, past or future, whose text matches. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<LogRecord> {
    const find = () => this.#records.find((record) => pattern.test(record.text));
    const seen = () => this.#records.map(({ level, text }) => `${level} ${text}`).join("\n");
    return this.#changes.until(find, `${pattern} in the log`, timeoutMs, seen);
  }

  #add(level: LogLevel, template: string, own: LogProperties = {}): void {
    const properties = { ...this.#properties, ...own };
    this.#records.push({ level, template, properties, text: fill(template, properties) });
    this.#changes.notify();
  }
}

function fill(template: string, properties: LogProperties): string {
  return template.replace(
    /\{([^{}]+)\}/g,
    (all, name: string) => Object.hasOwn(properties, name) ? show(properties[name]) : all,
  );
}

function show(value: unknown): string {
  if (typeof value === "string") return value;
  return value instanceof Error ? value.message : JSON.stringify(value) ?? String(value);
}
