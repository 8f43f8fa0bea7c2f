import { assertNever } from "../../base/types.ts";
import type { CharSet } from "./char_set.ts";
import { type Assertion, type Node, type Pattern, PatternError, type Repeat } from "./syntax.ts";

/** One step. `fork` tries `first` before `second`. */
type Step =
  | { readonly op: "char"; readonly set: CharSet }
  | { readonly op: "assert"; readonly assertion: Assertion }
  | { readonly op: "save"; readonly slot: number }
  | { op: "fork"; first: number; second: number }
  | { op: "jump"; to: number }
  | { readonly op: "match" };

export type Program = readonly Step[];

/** A text of n characters costs at most n times as many steps. */
const LONGEST_PROGRAM = 5_000;

/** Turns a pattern into steps. Throws a PatternError when there would be too many. */
export function compile(pattern: Pattern): Program {
  const steps: Step[] = [];
  emit(steps, { kind: "group", index: 0, item: pattern.root });
  steps.push({ op: "match" });
  return steps;
}

function emit(steps: Step[], node: Node): void {
  if (steps.length > LONGEST_PROGRAM) {
    throw new PatternError("it is too large: use fewer repetitions with numbers");
  }
  switch (node.kind) {
    case "empty":
      return;
    case "char":
      steps.push({ op: "char", set: node.set });
      return;
    case "assert":
      steps.push({ op: "assert", assertion: node.assertion });
      return;
    case "sequence":
      for (const item of node.items) emit(steps, item);
      return;
    case "group":
      steps.push({ op: "save", slot: node.index * 2 });
      emit(steps, node.item);
      steps.push({ op: "save", slot: node.index * 2 + 1 });
      return;
    case "choice":
      emitChoice(steps, node.branches);
      return;
    case "repeat":
      emitRepeat(steps, node);
      return;
    default:
      assertNever(node);
  }
}

function emitChoice(steps: Step[], branches: readonly Node[]): void {
  const ends: { op: "jump"; to: number }[] = [];
  for (const [index, branch] of branches.entries()) {
    if (index === branches.length - 1) {
      emit(steps, branch);
      break;
    }
    const fork = { op: "fork" as const, first: steps.length + 1, second: 0 };
    const end = { op: "jump" as const, to: 0 };
    steps.push(fork);
    emit(steps, branch);
    steps.push(end);
    ends.push(end);
    fork.second = steps.length;
  }
  for (const end of ends) end.to = steps.length;
}

function emitRepeat(steps: Step[], { item, min, max, greedy }: Repeat): void {
  for (let count = 0; count < min; count++) emit(steps, item);
  if (max === Infinity) {
    const start = steps.length;
    const fork = pushFork(steps);
    emit(steps, item);
    steps.push({ op: "jump", to: start });
    leave(fork, start + 1, steps.length, greedy);
    return;
  }
  const forks: { at: number; fork: { first: number; second: number } }[] = [];
  for (let count = min; count < max; count++) {
    forks.push({ at: steps.length, fork: pushFork(steps) });
    emit(steps, item);
  }
  for (const { at, fork } of forks) leave(fork, at + 1, steps.length, greedy);
}

function pushFork(steps: Step[]): { first: number; second: number } {
  const fork = { op: "fork" as const, first: 0, second: 0 };
  steps.push(fork);
  return fork;
}

function leave(
  fork: { first: number; second: number },
  inside: number,
  behind: number,
  greedy: boolean,
): void {
  fork.first = greedy ? inside : behind;
  fork.second = greedy ? behind : inside;
}
