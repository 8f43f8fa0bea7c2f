import type { AST } from "toml-eslint-parser";
import type { KeyPath, LineOf } from "./fault.ts";

/** A place in the file: where it begins, and what stands below it. */
interface Node {
  readonly line: number;
  readonly children: Map<string | number, Node>;
}

/** Finds the lines of a text that is valid TOML. Imports its parser only now: most files have nothing to tell. */
export async function tomlLines(text: string): Promise<LineOf> {
  const { parseTOML } = await import("toml-eslint-parser");
  const root: Node = { line: 1, children: new Map() };
  try {
    for (
      const part of parseTOML(text.replace(/^\ufeff/, ""), { tomlVersion: "next" }).body[0].body
    ) {
      if (part.type === "TOMLTable") readTable(root, part);
      else readPair(root, [], part);
    }
  } catch {
    // The two parsers may differ over a rare form: a fault without its line is better than none.
  }
  return (path) => lineOf(root, path);
}

function readTable(root: Node, table: AST.TOMLTable): void {
  add(root, table.resolvedKey, table.loc.start.line);
  for (const pair of table.body) readPair(root, table.resolvedKey, pair);
}

function readPair(root: Node, base: KeyPath, pair: AST.TOMLKeyValue): void {
  const path = [...base, ...pair.key.keys.map(keyText)];
  add(root, path, pair.loc.start.line);
  readValue(root, path, pair.value);
}

function keyText(key: AST.TOMLBare | AST.TOMLQuoted): string {
  return key.type === "TOMLBare" ? key.name : key.value;
}

function readValue(root: Node, path: KeyPath, value: AST.TOMLContentNode): void {
  if (value.type === "TOMLInlineTable") {
    for (const pair of value.body) readPair(root, path, pair);
  } else if (value.type === "TOMLArray") {
    for (const [index, item] of value.elements.entries()) {
      add(root, [...path, index], item.loc.start.line);
      readValue(root, [...path, index], item);
    }
  }
}

/** The first place of a path counts: a table may be opened by the header of one that it holds. */
function add(root: Node, path: KeyPath, line: number): void {
  let node = root;
  for (const step of path) {
    const next = node.children.get(step) ?? { line, children: new Map() };
    node.children.set(step, next);
    node = next;
  }
}

function lineOf(root: Node, path: KeyPath): number | null {
  let node: Node | undefined = root;
  let line: number | null = null;
  for (const step of path) {
    node = node.children.get(step);
    if (node === undefined) break;
    line = node.line;
  }
  return line;
}
