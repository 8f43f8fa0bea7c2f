import { WORD_CHARS } from "./char_set.ts";
import type { Program } from "./program.ts";
import type { Assertion } from "./syntax.ts";

/** Start and end of the whole match and of each group; -1 where a group took no part. */
export type Slots = readonly number[];

interface Thread {
  readonly at: number;
  readonly slots: Slots;
}

/** Threads in order of preference, each step at most once: that is what keeps the search from exploding. */
class ThreadList {
  readonly #seen: Uint32Array;
  #round = 1;
  threads: Thread[] = [];

  constructor(size: number) {
    this.#seen = new Uint32Array(size);
  }

  clear(): void {
    this.threads = [];
    this.#round++;
  }

  /** False when this step is in the list already. */
  enter(step: number): boolean {
    if (this.#seen[step] === this.#round) return false;
    this.#seen[step] = this.#round;
    return true;
  }
}

/**
 * The leftmost match from `from` on, preferring as Go (and Perl) do; null when there is none. Time grows with text times
 * program, never faster. `sticky`: only a match right at `from`.
 */
export function search(
  program: Program,
  text: string,
  from: number,
  options: { readonly slots: number; readonly sticky: boolean },
): Slots | null {
  const empty: Slots = new Array<number>(options.slots).fill(-1);
  let current = new ThreadList(program.length);
  let next = new ThreadList(program.length);
  let matched: Slots | null = null;
  for (let at = from; at <= text.length;) {
    if (matched === null && (at === from || !options.sticky)) {
      follow(program, text, current, { at: 0, slots: empty }, at);
    }
    if (current.threads.length === 0 && (matched !== null || options.sticky)) break;
    const codePoint = text.codePointAt(at) ?? -1;
    const behind = at + (codePoint > 0xffff ? 2 : 1);
    for (const thread of current.threads) {
      const step = program[thread.at];
      if (step?.op === "match") {
        matched = thread.slots;
        // What comes after is less preferred.
        break;
      }
      if (step?.op === "char" && codePoint >= 0 && step.set.has(codePoint)) {
        follow(program, text, next, { at: thread.at + 1, slots: thread.slots }, behind);
      }
    }
    [current, next] = [next, current];
    next.clear();
    at = behind;
  }
  return matched;
}

/** Adds the steps that are reached from a thread without taking a character. */
function follow(
  program: Program,
  text: string,
  list: ThreadList,
  start: Thread,
  place: number,
): void {
  const open: Thread[] = [start];
  for (let thread = open.pop(); thread !== undefined; thread = open.pop()) {
    const { at, slots } = thread;
    const step = program[at];
    if (step === undefined || !list.enter(at)) continue;
    if (step.op === "fork") open.push({ at: step.second, slots }, { at: step.first, slots });
    else if (step.op === "jump") open.push({ at: step.to, slots });
    else if (step.op === "save") open.push({ at: at + 1, slots: slots.with(step.slot, place) });
    else if (step.op === "assert") {
      if (holds(step.assertion, text, place)) open.push({ at: at + 1, slots });
    } else list.threads.push(thread);
  }
}

function holds(assertion: Assertion, text: string, place: number): boolean {
  switch (assertion) {
    case "textStart":
      return place === 0;
    case "textEnd":
      return place === text.length;
    case "lineStart":
      return place === 0 || text[place - 1] === "\n";
    case "lineEnd":
      return place === text.length || text[place] === "\n";
    case "wordBoundary":
      return isWord(text, place - 1) !== isWord(text, place);
    case "noWordBoundary":
      return isWord(text, place - 1) === isWord(text, place);
  }
}

function isWord(text: string, place: number): boolean {
  return place >= 0 && place < text.length && WORD_CHARS.has(text.charCodeAt(place));
}
