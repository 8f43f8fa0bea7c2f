/** The groups that a pattern has. */
export interface Groups {
  readonly groupCount: number;
  readonly groupNames: readonly string[];
}

/**
 * Go's replacement text ("$1", "${1}", "${name}", "$$") as JavaScript's. As in Go, a name is as long as it can be, and
 * one that the pattern does not have stands for nothing.
 */
export function goReplacement(template: string, pattern: Groups): string {
  return template.replace(
    /\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))?/g,
    (whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare;
      if (name === undefined) return "$$";
      return whole === "$$" ? "$$" : reference(name, pattern);
    },
  );
}

function reference(name: string, { groupCount, groupNames }: Groups): string {
  if (groupNames.includes(name)) return `$<${name}>`;
  if (!/^\d{1,2}$/.test(name)) return "";
  const number = Number(name);
  if (number === 0) return "$&";
  // Two digits, always: a digit of the text behind it must not become part of the number.
  return number <= groupCount ? `$${String(number).padStart(2, "0")}` : "";
}
