import { MODULE_RULES, moduleOf } from "./modules.ts";

/** What a file of src may not say, beside its imports. One sentence each. */
export function sourceFaults(path: string, text: string): string[] {
  const module = moduleOf(path);
  if (module === null) return [`${path} is in no module`];
  const faults: string[] = [];
  const code = withoutComments(text);
  if (module === "relay") {
    for (const line of linesWith(text, PROTOCOL_NAME)) {
      faults.push(`${path}:${line} names a protocol`);
    }
  }
  if (module !== "log" && /\bconsole\s*\./.test(code)) {
    faults.push(`${path} uses console: log prints`);
  }
  if (module !== "main" && /\bDeno\s*\.\s*exit\b/.test(code)) {
    faults.push(`${path} exits: only main.ts does`);
  }
  const { deno } = MODULE_RULES[module];
  for (const [, member = ""] of code.matchAll(/\bDeno\.(\w+)/g)) {
    if (deno !== null && !deno.includes(member) && !/^[A-Z]/.test(member)) {
      faults.push(`${path} uses Deno.${member}: ${module} may not`);
    }
  }
  return faults;
}

/** As words and as parts of identifiers: `irc`, `IrcLine`, `toKosmi`; not `circuit`. */
const PROTOCOL_NAME = /(?<![A-Za-z])irc|I(?:rc|RC)(?![a-z])|kosmi/i;

function linesWith(text: string, pattern: RegExp): number[] {
  return text.split("\n").flatMap((line, i) => pattern.test(line) ? [i + 1] : []);
}

/** Good enough for our own source: `//` inside a string would need an odd string to hide something. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[^]*?\*\//g, "").replace(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

/** Put together at run time, so that this file does not hold what it looks for. */
const MACHINE_PATH = new RegExp(
  String.raw`(?<![\w.~/-])/(?:${["wo" + "rk", "ro" + "ot"].join("|")})/[\w.-]|` +
    String.raw`(?<![\w.~/-])/(?:Us${"ers"}|ho${"me"})/(?!(?:you|user|me|ada|alice|bob)\b)[\w.-]+/`,
);
const REGISTRY = new RegExp(
  `regi${"stry"}\\.[a-z0-9-]+\\.[a-z]{2,}|arti${"factory"}|ne${"xus"}/repo`,
  "i",
);

/** What no tracked file may hold: it would tell of the machine it was written on. One sentence each. */
export function machineFaults(path: string, text: string): string[] {
  return [
    ...linesWith(text, MACHINE_PATH).map((line) => `${path}:${line} holds a path of one machine`),
    ...linesWith(text, REGISTRY).map((line) => `${path}:${line} names a package registry's host`),
  ];
}
