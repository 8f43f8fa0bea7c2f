/** Properties of a log line: written beside the text, redacted by field name and by pattern at the sink. */
export type LogProperties = Readonly<Record<string, unknown>>;

/**
 * What a room may say. The text is a template: `{name}` is filled from the properties. Secrets are redacted at the
 * sink, but the first rule stays: don't hand a secret to a logger.
 */
export interface Logger {
  debug(template: string, properties?: LogProperties): void;
  info(template: string, properties?: LogProperties): void;
  warn(template: string, properties?: LogProperties): void;
  error(template: string, properties?: LogProperties): void;
  /** A logger whose lines carry these properties too (the account, the endpoint …). */
  with(properties: LogProperties): Logger;
}

/** Says nothing: for places where nobody listens. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};

const MOST_KINDS = 200;

/** Says each kind of thing once: a server that misbehaves must not fill the disk. */
export class OnceLog {
  readonly #log: Logger;
  readonly #said = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  warn(kind: string, template: string, properties?: LogProperties): void {
    if (this.#isNew(kind)) this.#log.warn(template, properties);
  }

  info(kind: string, template: string, properties?: LogProperties): void {
    if (this.#isNew(kind)) this.#log.info(template, properties);
  }

  /** The kind may be said again. */
  forget(kind: string): void {
    this.#said.delete(kind);
  }

  #isNew(kind: string): boolean {
    if (this.#said.has(kind) || this.#said.size >= MOST_KINDS) return false;
    this.#said.add(kind);
    return true;
  }
}
