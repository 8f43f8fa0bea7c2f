import { describeError } from "../../base/errors.ts";
import type { Logger } from "../../base/log.ts";
import type { StoreFault } from "./store_fault.ts";

/** What was saved from a damaged file, and what happens next. */
export interface DamageReport {
  readonly kept: number;
  readonly lost: number;
  readonly next: string;
}

/** What the operator is told of the store's file: once for each change, with what to do. */
export class StoreNotices {
  readonly #log: Logger;
  readonly #path: string;

  constructor(log: Logger, path: string) {
    this.#log = log;
    this.#path = path;
  }

  inMemory(fault: StoreFault, thrown: unknown): void {
    const advice = fault === "full"
      ? "Free some space on its disk"
      : "Look at its disk and at its permissions";
    this.#log.error(
      "Cannot write {path}: {reason}. {advice}; the relay goes on in memory, where a crash would lose what is " +
        "not delivered, and tries the disk again and again",
      { path: this.#path, reason: describeError(thrown), advice },
    );
  }

  stillInMemory(thrown: unknown): void {
    const reason = describeError(thrown);
    this.#log.debug("Still can't write {path}: {reason}", { path: this.#path, reason });
  }

  damaged(thrown: unknown, aside: string, report: DamageReport): void {
    this.#log.error(
      "The message store {path} is damaged ({reason}). It was set aside as {aside}; {kept} undelivered messages " +
        "were saved from it, {lost} are known to be lost. {next}. Look at its disk",
      { path: this.#path, reason: describeError(thrown), aside, ...report },
    );
  }

  damagedAndStuck(thrown: unknown, failure: unknown, report: DamageReport): void {
    this.#log.error(
      "The message store {path} is damaged ({reason}) and can't be set aside: {failure}. {kept} undelivered " +
        "messages were saved from it, {lost} are known to be lost. The relay goes on in memory. Move the file away",
      {
        path: this.#path,
        reason: describeError(thrown),
        failure: describeError(failure),
        ...report,
      },
    );
  }

  onDisk(kept: number): void {
    this.#log.info("The message store {path} is on its disk again; {kept} undelivered messages", {
      path: this.#path,
      kept,
    });
  }

  lostAtTheEnd(lost: number): void {
    this.#log.error("Cannot write {path} at the end: {lost} undelivered messages are lost", {
      path: this.#path,
      lost,
    });
  }
}
