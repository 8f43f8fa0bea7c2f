import type { DatabaseSync } from "node:sqlite";
import type { Cursor } from "../../relay/bridge.ts";
import type { EndpointId, MessageId } from "../../relay/ids.ts";
import { numberIn, type Row, textIn, textOrNullIn, toText } from "./columns.ts";

/** Statements on the small tables: names of endpoints, cursors, counts of what was dropped, the id sequence. */
export class StateTable {
  readonly #handle: DatabaseSync;
  readonly #addEndpoint;
  readonly #cursor;
  readonly #setCursor;
  readonly #dropped;
  readonly #addDropped;
  readonly #clearDropped;
  readonly #setNextId;

  constructor(handle: DatabaseSync) {
    this.#handle = handle;
    this.#addEndpoint = handle.prepare("INSERT OR IGNORE INTO endpoint VALUES (?, ?)");
    this.#cursor = handle.prepare("SELECT name, at FROM cursor WHERE endpoint = ?");
    // Never backwards, whoever asks.
    this.#setCursor = handle.prepare(
      "INSERT INTO cursor VALUES (?, ?, ?) ON CONFLICT (endpoint) " +
        "DO UPDATE SET name = excluded.name, at = excluded.at WHERE excluded.at >= cursor.at",
    );
    this.#dropped = handle.prepare("SELECT count FROM dropped WHERE endpoint = ?");
    this.#addDropped = handle.prepare(
      "INSERT INTO dropped VALUES (?, ?) ON CONFLICT (endpoint) " +
        "DO UPDATE SET count = dropped.count + excluded.count",
    );
    this.#clearDropped = handle.prepare("DELETE FROM dropped WHERE endpoint = ?");
    this.#setNextId = handle.prepare(
      "INSERT INTO meta VALUES ('next_id', ?) ON CONFLICT (name) " +
        "DO UPDATE SET value = max(meta.value, excluded.value)",
    );
  }

  addEndpoint(id: number, name: EndpointId): void {
    this.#addEndpoint.run(id, toText(name));
  }

  endpoints(): Map<number, EndpointId> {
    const rows = this.#handle.prepare("SELECT * FROM endpoint").all();
    return new Map(rows.map((row) => [numberIn(row, "id"), textIn(row, "name") as EndpointId]));
  }

  cursor(endpoint: number): Cursor | null {
    const row = this.#cursor.get(endpoint);
    return row === undefined ? null : cursorIn(row);
  }

  setCursor(endpoint: number, cursor: Cursor): void {
    const name = cursor.id === null ? null : toText(cursor.id);
    this.#setCursor.run(endpoint, name, cursor.atMs);
  }

  cursors(): Map<number, Cursor> {
    const rows = this.#handle.prepare("SELECT * FROM cursor").all();
    return new Map(rows.map((row) => [numberIn(row, "endpoint"), cursorIn(row)]));
  }

  dropped(endpoint: number): number {
    const row = this.#dropped.get(endpoint);
    return row === undefined ? 0 : numberIn(row, "count");
  }

  addDropped(endpoint: number, count: number): void {
    this.#addDropped.run(endpoint, count);
  }

  clearDropped(endpoint: number): void {
    this.#clearDropped.run(endpoint);
  }

  allDropped(): Map<number, number> {
    const rows = this.#handle.prepare("SELECT * FROM dropped").all();
    return new Map(rows.map((row) => [numberIn(row, "endpoint"), numberIn(row, "count")]));
  }

  /** The first id that no run has reserved. */
  nextId(): number {
    const row = this.#handle.prepare("SELECT value FROM meta WHERE name = 'next_id'").get();
    return row === undefined ? 1 : numberIn(row, "value");
  }

  /** Never backwards. */
  setNextId(nextId: number): void {
    this.#setNextId.run(nextId);
  }

  clearAllDropped(): void {
    this.#handle.exec("DELETE FROM dropped");
  }
}

function cursorIn(row: Row): Cursor {
  const id = textOrNullIn(row, "name");
  return { id: id === null ? null : id as MessageId, atMs: numberIn(row, "at") };
}
