/** A defect that was mended, and how it is put back. */
export interface Mutant {
  readonly name: string;
  readonly edits: readonly Edit[];
}

interface Edit {
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

/** The source with the edit made. Throws where it does not fit any more. */
export function edited(source: string, { file, find, replace }: Edit): string {
  if (source.split(find).length !== 2) {
    throw new Error(`${file} does not hold exactly once: ${find}`);
  }
  return source.replace(find, () => replace);
}

const WORKER = "src/relay/delivery/worker.ts";
const RECONCILE = "src/relay/delivery/reconcile.ts";
const CATCH_UP = "src/relay/intake/catch_up.ts";
const CONFIRMATION = "src/bridges/irc/sending/confirmation.ts";

/** The defects of delivery that a review found, each one as small a change of today's source as brings it back. */
export const MUTANTS: readonly Mutant[] = [
  {
    // A doubtful message is found in an older one with the same words.
    name: "a-identity-by-text",
    edits: [{
      file: RECONCILE,
      find: "const lines = unidentified(own, position, isOwn);",
      replace: "const lines = own.filter(({ id }) => id === null || !isOwn(id));",
    }, {
      file: RECONCILE,
      find: "const before = Math.max(0, confirmed - counted);",
      replace: "const before = 0 * counted;",
    }, {
      file: RECONCILE,
      find: "return hasIds && isKnown ? [] : [{ shipment, index, part, certain: true }];",
      replace: "return isKnown ? [] : [];",
    }],
  },
  {
    // Sent three times without an answer, and given up.
    name: "b-given-up-by-count",
    edits: [{
      file: WORKER,
      find: "  readonly #loader: Loader;\n",
      replace: "  readonly #loader: Loader;\n  readonly #attempts = new Map();\n",
    }, {
      file: WORKER,
      find: "        if (active.untouched()) this.#release(active);\n",
      replace: `        if (active.untouched()) return this.#release(active);
        this.#attempts.set(active.shipment.id, (this.#attempts.get(active.shipment.id) ?? 0) + 1);
        if (this.#attempts.get(active.shipment.id) >= 3) {
          this.#drop(active, { cause: "unconfirmed", words: "sent 3 times" });
        }
`,
    }],
  },
  {
    // The limit of what is caught up bounds what is looked through for our own lines.
    name: "c-limit-with-two-purposes",
    edits: [{
      file: "src/bridges/irc/history/history_fetch.ts",
      find: 'this.#page = Math.min(PAGE, options.features.number("CHATHISTORY", PAGE));',
      replace:
        'this.#page = Math.min(PAGE, options.features.number("CHATHISTORY", PAGE), options.maxMessages);',
    }],
  },
  {
    // Once an outage is half a minute old, the next try comes after minutes.
    name: "d-back-off-jumps",
    edits: [{
      file: "src/relay/links/next_step.ts",
      find:
        "return { ...YOUNG, capMs: Math.min(LONGEST_MS, Math.floor(outageMs / SHARE_OF_OUTAGE)) };",
      replace: "return { baseMs: 4_000, capMs: 300_000, jitter: 0.5 };",
    }],
  },
  {
    // One reading of the wall clock is trusted for ever, and cursors are held to it.
    name: "e-one-reading-of-the-clock",
    edits: [{
      file: "src/base/clock.ts",
      find: "if (monotonicMs - differentSinceMs >= SETTLED_MS) {",
      replace: "if (monotonicMs - differentSinceMs < 0) {",
    }, {
      file: CATCH_UP,
      find:
        "return event.id === null ? event.atMs : Math.min(event.atMs, this.timeAt(origin, nowMs));",
      replace: "return Math.min(event.atMs, nowMs + 600_000);",
    }, {
      file: "src/store/sqlite/database.ts",
      find: "const { messageId: id, cursorAtMs: atMs, saidAtMs = atMs, live = false } = message;",
      replace:
        "const { messageId: id, cursorAtMs: atMs, live = false } = message;\n  const saidAtMs = atMs;",
    }],
  },
  {
    // One message that can't be rendered ends the worker.
    name: "f-exception-ends-the-worker",
    edits: [{
      file: "src/relay/delivery/loader.ts",
      find: "      const alone = deliveries.length > 1",
      replace:
        "      if (thrown !== null) throw thrown;\n      const alone = deliveries.length > 1",
    }],
  },
  {
    // Live lines are dropped by their time.
    name: "g-live-lines-by-their-time",
    edits: [{
      file: "src/bridges/irc/reading/messages.ts",
      find: "if (this.#link.bouncer.present && this.#isPlayback(message)) return;",
      replace: "if (this.#isPlayback(message)) return;",
    }],
  },
  {
    // No echo came, and a PONG: it counts as shown.
    name: "h-confirmed-by-guess",
    edits: [{
      file: CONFIRMATION,
      find:
        'if (shown === null && this.#echoes && flight.part.kind === "message") this.#notShown(flight);',
      replace: "if (shown === null && this.#ended) this.#notShown(flight);",
    }],
  },
  {
    // What was taken back before it left is sent all the same.
    name: "i-sent-after-it-was-taken-back",
    edits: [{
      file: "src/relay/intake/core_loop.ts",
      find: 'if (event.kind === "deletion") this.#withdraw(account, event);',
      replace: "",
    }],
  },
  {
    // What is packed together is taken back together.
    name: "i-packed-and-taken-back-together",
    edits: [{
      file: "src/relay/delivery/loader.ts",
      find:
        "const packing = this.#options.bridge.capabilities.deletions ? null : this.#options.packing;",
      replace: "const packing = this.#options.packing;",
    }, {
      file: "src/relay/intake/intake.ts",
      find: "if (deletions && ids.length > 0 && !isShared) {",
      replace: "if (deletions && ids.length > 0) {",
    }],
  },
  {
    // What was dropped is said when the channel comes up the next time.
    name: "j-announced-at-the-next-connection",
    edits: [{
      file: WORKER,
      find: "    this.#announcer.dropped();\n    this.wake([]);\n",
      replace: "",
    }],
  },
  {
    // At the first visit a message from the future moves the cursor there, and what is said until then counts as known.
    name: "k-first-cursor-in-the-future",
    edits: [{
      file: CATCH_UP,
      find: "const newest = history.messages.findLast(isPlausible) ?? history.messages.at(-1);",
      replace: "const newest = history.messages.at(-1);",
    }, {
      file: CATCH_UP,
      find: "const behind = new Set(behindCursor(events, cursor));",
      replace:
        "const isAhead = cursor.atMs > (events.at(-1)?.atMs ?? 0);\n  const behind = new Set(isAhead ? [] : behindCursor(events, cursor));",
    }],
  },
  {
    // What has been under way once is never too old, and leaves as it was.
    name: "l-shipments-never-too-old",
    edits: [{
      file: WORKER,
      find: "if (active.isOlderThan(nowMs - maxAgeMs)) this.#drop(active, TOO_OLD);",
      replace: "",
    }, {
      file: WORKER,
      find: "const anew = new Set(renderableAnew(this.#active, nowMs - LATE_MS));",
      replace: "const anew = new Set<ActiveShipment>();",
    }],
  },
  {
    // The pause between two waits for the disk does not depend on how slow it is.
    name: "m-disk-waited-for-all-the-time",
    edits: [{
      file: "src/store/sqlite/database.ts",
      find: "endMs + Math.max(LEAST_PAUSE_MS, PAUSE_SHARE * (endMs - beginMs));",
      replace: "endMs + LEAST_PAUSE_MS;",
    }],
  },
  {
    // A bouncer's own echo counts as the network's.
    name: "o-bouncer-believed",
    edits: [{
      file: CONFIRMATION,
      find: "if (this.#link.bouncer.present && shown.id === null) {",
      replace: "if (this.#ended) {",
    }],
  },
  {
    // What was said in the cursor's own millisecond counts as known.
    name: "q-same-time-as-the-cursor",
    edits: [{
      file: CATCH_UP,
      find: ": event.atMs > cursorMs || (event.atMs === cursorMs && --known < 0)",
      replace: ": event.atMs > cursorMs",
    }],
  },
];
