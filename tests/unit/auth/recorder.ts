import type { Logger, LogProperties } from "../../../src/base/log.ts";

/** A logger that keeps what was said as "level text", placeholders filled. */
export class LogRecorder implements Logger {
  readonly lines: string[] = [];
  readonly debug = (template: string, properties?: LogProperties) =>
    this.#add("debug", template, properties);
  readonly info = (template: string, properties?: LogProperties) =>
    this.#add("info", template, properties);
  readonly warn = (template: string, properties?: LogProperties) =>
    this.#add("warn", template, properties);
  readonly error = (template: string, properties?: LogProperties) =>
    this.#add("error", template, properties);

  with(): Logger {
    return this;
  }

  /** The lines since the last call. */
  take(): string[] {
    return this.lines.splice(0);
  }

  #add(level: string, template: string, properties: LogProperties = {}): void {
    const text = template.replace(/\{(\w+)\}/g, (_whole, name) => String(properties[name]));
    this.lines.push(`${level} ${text}`);
  }
}
