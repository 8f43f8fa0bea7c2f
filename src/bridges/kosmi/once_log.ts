import type { Logger, LogProperties } from "../../base/log.ts";

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
