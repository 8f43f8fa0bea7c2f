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
