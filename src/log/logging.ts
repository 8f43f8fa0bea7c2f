import * as logtape from "@logtape/logtape";
import type { Clock } from "../base/clock.ts";
import type { Logger, LogProperties } from "../base/log.ts";
import { Folder } from "./fold.ts";
import { type ByteSink, LineWriter } from "./line_writer.ts";
import { jsonFormat, logfmt, type LogFormat, prettyFormat } from "./log_format.ts";
import { cleanLine, type LogLevel, type LogLine, type LogRecord } from "./log_line.ts";
import { Redactor } from "./redactor.ts";

const ROOT = "relay";
const FOLD_WINDOW_MS = 60_000;
const FOLD_AFTER = 5;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const DRAIN_LIMIT_MS = 2_000;

export interface LoggingOptions {
  readonly clock: Clock;
  /** Lowest level that is shown. */
  readonly level: LogLevel;
  /** Shows everything, with the stacks of errors, whatever `level` says; `levels` still counts. */
  readonly debug: boolean;
  /** Lowest level for single categories and what lies below them, by dotted name: `{ "irc.libera": "debug" }`. */
  readonly levels: Readonly<Record<string, LogLevel>>;
  /** "auto" is "pretty" on a terminal, else "logfmt". */
  readonly format: "auto" | "pretty" | "logfmt" | "json";
  /** Standard error is a terminal. */
  readonly terminal: boolean;
  /** Colours in the pretty format. */
  readonly colour: boolean;
  /** Takes each finished line, without a line end, in place of standard error. Must not wait or log. */
  readonly write?: (line: string) => void;
  /** Where bytes go when there is no `write`; standard error unless given. */
  readonly sink?: ByteSink;
  /** Told of each finished line too, as it is shown: for an export. Must not wait or log. */
  readonly mirror?: (level: LogLevel, line: string) => void;
  /** What every line of this moment also carries; null for nothing. */
  readonly context?: () => LogProperties | null;
  /** How long equal lines are counted in place of being shown; 0 shows each. 60 s unless given. */
  readonly foldWindowMs?: number;
  /** How many equal lines are shown before they are counted. 5 unless given. */
  readonly foldAfter?: number;
}

export interface Logging extends AsyncDisposable {
  /** The logger of a category, by dotted name ("irc.libera") or in parts. */
  logger(category: string | readonly string[]): Logger;
  /** Values that must never be shown: tell each as soon as it is known. Empty ones are ignored. */
  readonly secrets: { add(value: string): void };
  /** The text as it may be shown anywhere: without what the log would not show. */
  redact(text: string): string;
  /**
   * Shows the counts of folded lines and waits until all is written, at most 2 s. Later lines are not shown. Afterwards the
   * program must leave by `Deno.exit`: a write that is stuck in a reader's full pipe would keep it alive.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the log of this process. Lines go to standard error, as Matterbridge's do, so that standard output belongs to
 * what a command prints. There is one log at a time: a second start takes over from the first.
 */
export async function startLogging(options: LoggingOptions): Promise<Logging> {
  const redactor = new Redactor();
  const format = formatOf(options);
  const output = openOutput(options, format);
  const folder = new Folder({
    clock: options.clock,
    windowMs: options.foldWindowMs ?? FOLD_WINDOW_MS,
    showFirst: options.foldAfter ?? FOLD_AFTER,
    show: (line) => {
      const text = format(line);
      options.mirror?.(line.level, text);
      output.write(text);
    },
  });
  const clean = {
    errors: format === jsonFormat ? "parts" : "line",
    stacks: options.debug,
  } as const;
  await logtape.configure({
    reset: true,
    sinks: {
      lines: (record) => folder.take(cleanLine(recordOf(record, options), redactor, clean)),
    },
    loggers: loggersOf(options),
  });
  return {
    logger: (category) => adapt(logtape.getLogger([ROOT, ...partsOf(category)])),
    secrets: { add: (value) => redactor.add(value) },
    redact: (text) => redactor.text(text),
    async [Symbol.asyncDispose]() {
      await logtape.reset();
      folder[Symbol.dispose]();
      await output.drained();
    },
  };
}

function formatOf({ format, terminal, colour }: LoggingOptions): LogFormat {
  const chosen = format === "auto" ? (terminal ? "pretty" : "logfmt") : format;
  if (chosen === "json") return jsonFormat;
  return chosen === "pretty" ? prettyFormat(colour) : logfmt;
}

interface Output {
  write(line: string): void;
  drained(): Promise<void>;
}

function openOutput(options: LoggingOptions, format: LogFormat): Output {
  const { write, clock } = options;
  if (write !== undefined) return { write, drained: () => Promise.resolve() };
  const writer = new LineWriter({
    sink: options.sink ?? Deno.stderr,
    maxWaitingBytes: MAX_WAITING_BYTES,
    dropNotice: (dropped) => format(dropNotice(dropped, clock.now())),
  });
  return {
    write: (line) => writer.write(line),
    async drained() {
      const timely = new AbortController();
      const limit = clock.sleep(DRAIN_LIMIT_MS, timely.signal).catch(() => {});
      await Promise.race([writer.drained(), limit]);
      timely.abort();
    },
  };
}

function dropNotice(dropped: number, atMs: number): LogLine {
  return {
    atMs,
    level: "warning",
    category: "log",
    message: `${dropped} log lines are missing here: whatever reads the log was too slow`,
    properties: new Map([["dropped", dropped]]),
    shown: new Set(["dropped"]),
  };
}

/** Every configured category names the sink itself: LogTape would hold an inherited one to the parent's level. */
function loggersOf(options: LoggingOptions): logtape.LoggerConfig<"lines", never>[] {
  const levels = new Map([["", options.debug ? "debug" : options.level]]);
  // One entry a category, however it is written: LogTape refuses a second one.
  for (const [name, level] of Object.entries(options.levels)) {
    levels.set(partsOf(name).join("."), level);
  }
  const ours = [...levels].map(([name, lowestLevel]): logtape.LoggerConfig<"lines", never> => ({
    category: [ROOT, ...partsOf(name)],
    sinks: ["lines"],
    parentSinks: "override",
    lowestLevel,
  }));
  // LogTape speaks of itself on the console unless it is told not to.
  return [...ours, { category: ["logtape", "meta"], lowestLevel: null }];
}

function partsOf(category: string | readonly string[]): readonly string[] {
  return typeof category === "string"
    ? category.split(".").filter((part) => part !== "")
    : category;
}

function recordOf(record: logtape.LogRecord, { clock, context }: LoggingOptions): LogRecord {
  const around = context?.() ?? null;
  return {
    atMs: clock.now(),
    level: levelOf(record.level),
    category: record.category.slice(1),
    template: typeof record.rawMessage === "string"
      ? record.rawMessage
      : record.rawMessage.join(""),
    properties: around === null ? record.properties : { ...record.properties, ...around },
  };
}

function levelOf(level: logtape.LogLevel): LogLevel {
  switch (level) {
    case "trace":
      return "debug";
    case "fatal":
      return "error";
    default:
      return level;
  }
}

function adapt(logger: logtape.Logger): Logger {
  return {
    debug: (template, properties = {}) => logger.debug(template, properties),
    info: (template, properties = {}) => logger.info(template, properties),
    warn: (template, properties = {}) => logger.warn(template, properties),
    error: (template, properties = {}) => logger.error(template, properties),
    with: (properties) => adapt(logger.with({ ...properties })),
  };
}
