/**
 * Go's replacement text ("$1", "${1}", "${name}", "$$") as JavaScript's. As in Go, a name is as long as it can be, and
 * one that the pattern does not have stands for nothing.
 */
export function goReplacement(template: string, pattern: RegExp): string {
  const groups = groupsOf(pattern);
  return template.replace(
    /\$(?:\$|\{([A-Za-z0-9_]+)\}|([A-Za-z0-9_]+))?/g,
    (whole, braced: string | undefined, bare: string | undefined) => {
      const name = braced ?? bare;
      if (name === undefined) return "$$";
      return whole === "$$" ? "$$" : reference(name, groups);
    },
  );
}

function reference(name: string, groups: { count: number; names: readonly string[] }): string {
  if (groups.names.includes(name)) return `$<${name}>`;
  if (!/^\d{1,2}$/.test(name)) return "";
  const number = Number(name);
  if (number === 0) return "$&";
  // Two digits, always: a digit of the text behind it must not become part of the number.
  return number <= groups.count ? `$${String(number).padStart(2, "0")}` : "";
}

function groupsOf(pattern: RegExp): { count: number; names: readonly string[] } {
  const match = new RegExp(`${pattern.source}|`, pattern.flags).exec("");
  return { count: (match?.length ?? 1) - 1, names: Object.keys(match?.groups ?? {}) };
}
