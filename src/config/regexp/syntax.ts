import type { CharSet } from "./char_set.ts";

/** Conditions that take no character. */
export type Assertion =
  | "textStart"
  | "textEnd"
  | "lineStart"
  | "lineEnd"
  | "wordBoundary"
  | "noWordBoundary";

/** A pattern as a tree. */
export type Node =
  | { readonly kind: "empty" }
  | { readonly kind: "char"; readonly set: CharSet }
  | { readonly kind: "assert"; readonly assertion: Assertion }
  | { readonly kind: "sequence"; readonly items: readonly Node[] }
  | { readonly kind: "choice"; readonly branches: readonly Node[] }
  | { readonly kind: "group"; readonly index: number; readonly item: Node }
  | Repeat;

export interface Repeat {
  readonly kind: "repeat";
  readonly item: Node;
  readonly min: number;
  /** Infinity: without end. */
  readonly max: number;
  readonly greedy: boolean;
}

export interface Pattern {
  readonly root: Node;
  /** How many groups remember what they matched. */
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

/** The pattern can't be used; the message says why, for the person who wrote it, and does not quote more than a few characters. */
export class PatternError extends Error {
  override readonly name = "PatternError";
}
