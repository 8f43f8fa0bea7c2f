import type { Reading } from "./option.ts";

const LONGEST_PATTERN = 1_000;

/** Compiles a regular expression of Go's (RE2) syntax. A fault says in plain words what is not possible. */
export function compileGoPattern(source: string, flags: "" | "g"): Reading<RegExp> {
  if (source.length > LONGEST_PATTERN) {
    return { fault: `it is longer than ${LONGEST_PATTERN} characters` };
  }
  const prefix = /^\(\?([ims]+)\)/.exec(source);
  const rest = source.slice(prefix?.[0].length ?? 0).replaceAll("(?P<", "(?<");
  try {
    return { value: new RegExp(rest, `u${flags}${prefix?.[1] ?? ""}`) };
  } catch {
    return { fault: "it can't be read" };
  }
}
