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
