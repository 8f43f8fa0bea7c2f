import { parsePattern } from "./parser.ts";
import { compile, type Program } from "./program.ts";
import { search, type Slots } from "./search.ts";

interface Compiled {
  readonly source: string;
  readonly program: Program;
  /** How many groups it has. */
  readonly groups: number;
  readonly names: ReadonlyMap<string, number>;
}

/**
 * A regular expression in Go's syntax that works wherever a RegExp does (test, exec, replace, matchAll, split). It is
 * searched in time that grows with the text's length, whatever the pattern: a person who writes a message can't make
 * the relay stand still, as they could with the built-in backtracking search.
 */
export class LinearRegExp extends RegExp {
  readonly #compiled: Compiled;

  /** Throws a PatternError. A LinearRegExp is copied: that is how the built-in methods make their own. */
  constructor(source: string | LinearRegExp, flags = "") {
    // With "u" the built-in methods step over whole characters, as the search does.
    super("(?:)", flags.includes("u") ? flags : `${flags}u`);
    this.#compiled = typeof source === "string" ? compiled(source) : source.#compiled;
  }

  override get source(): string {
    return this.#compiled.source;
  }

  get groupCount(): number {
    return this.#compiled.groups;
  }

  get groupNames(): readonly string[] {
    return [...this.#compiled.names.keys()];
  }

  override exec(text: string): RegExpExecArray | null {
    const { program, groups } = this.#compiled;
    const moves = this.global || this.sticky;
    const from = moves ? this.lastIndex : 0;
    const slots = from > text.length
      ? null
      : search(program, text, from, { slots: (groups + 1) * 2, sticky: this.sticky });
    if (moves) this.lastIndex = slots?.[1] ?? 0;
    return slots === null ? null : this.#result(text, slots);
  }

  #result(text: string, slots: Slots): RegExpExecArray {
    const { groups, names } = this.#compiled;
    const parts = Array.from({ length: groups + 1 }, (_, group) => part(text, slots, group));
    const named = Object.fromEntries([...names].map(([name, group]) => [name, parts[group]]));
    return Object.assign(parts, {
      0: parts[0] ?? "",
      index: slots[0] ?? 0,
      input: text,
      groups: names.size === 0 ? undefined : named,
    }) as RegExpExecArray;
  }
}

function part(text: string, slots: Slots, group: number): string | undefined {
  const [start = -1, end = -1] = slots.slice(group * 2, group * 2 + 2);
  return start < 0 || end < 0 ? undefined : text.slice(start, end);
}

function compiled(source: string): Compiled {
  const pattern = parsePattern(source);
  return { source, program: compile(pattern), groups: pattern.groups, names: pattern.names };
}
