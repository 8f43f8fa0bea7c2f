import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import { isTable } from "../values/values.ts";
import type { Parsed } from "./document.ts";
import type { KeyPath } from "./fault.ts";

type Form = "YAML" | "JSON";

/** What the parser found, by its code. */
const EXPLANATIONS: Readonly<Record<string, string>> = {
  BAD_INDENT: "the indentation does not fit the lines around it",
  BAD_SCALAR_START: "text that begins with this character needs quotes",
  BAD_DQ_ESCAPE:
    "a backslash (\\) in double quotes begins an escape: write \\\\ or use single quotes",
  BLOCK_AS_IMPLICIT_KEY: "a value with a colon in it needs quotes, or the indentation is wrong",
  DUPLICATE_KEY: "this key is set twice: remove one of them",
  MISSING_CHAR: "a character is missing: look at the quotes, commas, colons and brackets here",
  MULTILINE_IMPLICIT_KEY: "a quote or a colon is missing",
  MULTIPLE_DOCS: "the file has several documents (---): only one can be read",
  TAB_AS_INDENT: "a tab can't indent: use spaces",
  UNEXPECTED_TOKEN: "this can't stand here: look at the quotes, commas and brackets before it",
};

/** Reads YAML, and JSON as the part of YAML that it is. */
export function parseYaml(text: string, form: Form): Parsed {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, prettyErrors: false });
  const lineAt = (offset: number) => counter.linePos(offset).line;
  const [error] = document.errors;
  if (error !== undefined) {
    const line = Math.max(1, lineAt(error.pos[0]));
    return {
      fault: { line, message: EXPLANATIONS[error.code] ?? `this is not valid ${form}` },
    };
  }
  const root = valueOf(() => document.toJS({ maxAliasCount: 100 }));
  if (!isTable(root)) {
    return {
      fault: { line: null, message: `this ${form} has no sections such as irc and gateway` },
    };
  }
  const lineOf = (path: KeyPath): number | null => {
    let node: unknown = document.contents;
    let line: number | null = null;
    for (const step of path) {
      const next = childOf(node, step);
      if (next === null) break;
      node = next.value;
      if (next.offset !== null) line = lineAt(next.offset);
    }
    return line;
  };
  return { document: { root, lines: () => Promise.resolve(lineOf) } };
}

/** What can't be made of the document (aliases without end) is no table either. */
function valueOf(make: () => unknown): unknown {
  try {
    return make();
  } catch {
    return null;
  }
}

function childOf(
  node: unknown,
  step: string | number,
): { readonly value: unknown; readonly offset: number | null } | null {
  if (isMap(node)) {
    const pair = node.items.find(({ key }) => String(isScalar(key) ? key.value : key) === step);
    if (pair === undefined) return null;
    return { value: pair.value, offset: offsetOf(pair.key) };
  }
  const item = isSeq(node) && typeof step === "number" ? node.items[step] : undefined;
  return item === undefined ? null : { value: item, offset: offsetOf(item) };
}

function offsetOf(node: unknown): number | null {
  const isPlaced = isScalar(node) || isMap(node) || isSeq(node);
  return isPlaced ? node.range?.[0] ?? null : null;
}
