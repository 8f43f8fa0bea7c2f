import type { Clock } from "../../base/clock.ts";
import type { MessageId } from "../../relay/port/ids.ts";
import type { SourceRef, Trace } from "../../relay/port/store.ts";
import type { LinkRow, MessageRow } from "./copy_table.ts";
import type { StoreDatabase } from "./database.ts";
import type { StoreHome } from "./failover.ts";

/** One call of `forget` holds the relay up for no longer than about this; the rest follows with later calls. */
const FORGET_MS = 50;
const FORGET_STEP = 500;
/** With every acceptance while there is something left to forget: more than an acceptance adds. */
const FORGET_ALONG = 64;
/** Free pages that stay in the file, so that it need not grow at once again. */
const FREE_PAGES = 256;
const SHRINK_PAGES = 1_000;

/** Which message was relayed as what: for edits, answers and repetitions. */
export class LinkBook {
  readonly #home: StoreHome;
  readonly #clock: Clock;
  #forgetBeforeMs = Number.NEGATIVE_INFINITY;
  #moreToForget = false;

  constructor(home: StoreHome, clock: Clock) {
    this.#home = home;
    this.#clock = clock;
  }

  traces(source: SourceRef): readonly Trace[] | null {
    return this.#home.read((database) => {
      const endpoint = this.#home.state.endpoint(source.endpoint);
      if (endpoint === null) return null;
      const message = this.find(database, endpoint, source.id);
      if (message === null) return null;
      const links = this.#linksOf(database, message);
      return message.targets.map(([delivery, target]) => ({
        endpoint: this.#home.state.name(target),
        ids: links.filter((link) => link.delivery === delivery).map((link) =>
          link.copy as MessageId
        ),
      }));
    });
  }

  sourceOf(copy: SourceRef): SourceRef | null {
    return this.#home.read((database) => {
      const endpoint = this.#home.state.endpoint(copy.endpoint);
      if (endpoint === null) return null;
      const message = database.links.sourceOf(endpoint, copy.id) ??
        this.#home.messageFromArchive((archive) => archive.links.sourceOf(endpoint, copy.id));
      if (message === null) return null;
      return { endpoint: this.#home.state.name(message.endpoint), id: message.name as MessageId };
    });
  }

  isOwn(shown: SourceRef): boolean {
    return this.#home.read((database) => {
      const endpoint = this.#home.state.endpoint(shown.endpoint);
      if (endpoint === null) return false;
      return database.links.isOwn(endpoint, shown.id) ||
        this.#home.fromArchive((archive) => archive.links.isOwn(endpoint, shown.id)) === true;
    });
  }

  isPacked(copy: SourceRef): boolean {
    return this.#home.read((database) => {
      const endpoint = this.#home.state.endpoint(copy.endpoint);
      if (endpoint === null) return false;
      const messagesOf = ({ links }: StoreDatabase) => links.messagesOf(endpoint, copy.id);
      return Math.max(messagesOf(database), this.#home.fromArchive(messagesOf) ?? 0) > 1;
    });
  }

  /** The row of a message that was taken over; null when it never was or is forgotten. */
  find(database: StoreDatabase, endpoint: number, name: string): MessageRow | null {
    return database.links.find(endpoint, name) ??
      this.#home.messageFromArchive((archive) => archive.links.find(endpoint, name));
  }

  /** Adds or takes away deliveries of a message. Inside of `write`. */
  changeTargets(
    database: StoreDatabase,
    message: number,
    change: (targets: MessageRow["targets"]) => MessageRow["targets"],
  ): void {
    const row = database.links.message(message) ?? this.#adopt(database, message);
    if (row !== null) database.links.setTargets(message, change(row.targets));
  }

  forget(olderThanMs: number): void {
    this.#forgetBeforeMs = olderThanMs;
    this.#home.reserveIds(1);
    const id = this.#home.takeId();
    this.#home.write("soon", [], ({ links }) => {
      links.mark(this.#clock.now(), id);
      links.forgetOwn(olderThanMs);
    });
    const untilMs = this.#clock.monotonic() + FORGET_MS;
    do this.#moreToForget = this.#forgetStep(FORGET_STEP); while (
      this.#moreToForget && this.#clock.monotonic() < untilMs
    );
    this.#home.read((database) => database.shrink(SHRINK_PAGES, FREE_PAGES));
  }

  /** Goes on with what an earlier `forget` left. */
  forgetSome(): void {
    if (this.#moreToForget) this.#moreToForget = this.#forgetStep(FORGET_ALONG);
  }

  /** False when nothing is left to forget. */
  #forgetStep(limit: number): boolean {
    return this.#home.write("soon", [], (database) => {
      this.#home.forgetInArchive(this.#forgetBeforeMs);
      const ids = database.links.takenBefore(this.#forgetBeforeMs, limit);
      for (const id of ids) database.links.removeMessage(id);
      return ids.length === limit;
    });
  }

  #linksOf(database: StoreDatabase, message: MessageRow): readonly LinkRow[] {
    if (database.links.message(message.id) !== null) return database.links.links(message.id);
    return this.#home.fromArchive((archive) => archive.links.links(message.id)) ?? [];
  }

  /** Copies a message with its links from the archive, so that it can be changed. */
  #adopt(database: StoreDatabase, id: number): MessageRow | null {
    const message = this.#home.messageFromArchive((archive) => archive.links.message(id));
    if (message === null) return null;
    database.links.addMessage(message);
    const links = this.#home.fromArchive((archive) => archive.links.links(id)) ?? [];
    for (const link of links) database.links.addLink(link);
    return message;
  }
}
