import type { FieldSpec, KosmiProtocol, OperationSpec } from "./protocol.ts";

/**
 * What has been learned of one operation: which names the server takes. Made from the specification (or the server's
 * schema), then mended by what the server says is wrong. Paths are our own keys joined by "/", "" is the root field.
 */
export interface Draft {
  /** Names of the root field that are left, likeliest first; empty when the server doesn't have the operation. */
  roots: readonly string[];
  /** Names to ask for at a path. A path that is missing here follows its specification. */
  readonly fields: Map<string, readonly string[]>;
  /** Names of an argument that are left; the first is used. Missing: as specified. */
  readonly args: Map<string, readonly string[]>;
  /** GraphQL types left for an argument's variable; the first is used. Missing: as specified. */
  readonly types: Map<string, readonly string[]>;
  /** `path=name` of fields that turned out to have no fields of their own, or to have some. */
  readonly leaves: Set<string>;
  readonly branches: Set<string>;
}

export function newDraft(spec: OperationSpec): Draft {
  return {
    roots: spec.names,
    fields: new Map(),
    args: new Map(),
    types: new Map(),
    leaves: new Set(),
    branches: new Set(),
  };
}

export type Variables = Readonly<Record<string, string | boolean | undefined>>;

/** One line of a document, and what stands on it. */
export interface DocumentLine {
  readonly path: string;
  readonly name: string;
  readonly spec: FieldSpec | null;
}

export interface Document {
  readonly text: string;
  readonly root: string;
  readonly variables: Readonly<Record<string, string | boolean>>;
  /** Index 0 is line 1. */
  readonly lines: readonly (DocumentLine | null)[];
}

/** The names asked for at a path now. */
export function askedNames(draft: Draft, path: string, spec: FieldSpec): readonly string[] {
  const learned = draft.fields.get(path);
  if (learned !== undefined) return learned;
  return spec.need === "offered" ? [] : spec.names.slice(0, 1);
}

/** Puts the document together, one field a line, so that an error's position tells the field. */
export function buildDocument(
  protocol: KosmiProtocol,
  spec: OperationSpec,
  draft: Draft,
  values: Variables,
): Document {
  const root = draft.roots[0] ?? spec.names[0] ?? "";
  if (spec.document !== "") return givenDocument(spec, root, values);
  const used = usedArguments(spec, draft, values);
  const definitions = used.map((arg) => `$${arg.name}: ${arg.type}`).join(", ");
  const passed = used.map((arg) => `${arg.name}: $${arg.name}`).join(", ");
  const lines: (DocumentLine | null)[] = [];
  const text: string[] = [];
  const write = (line: string, meaning: DocumentLine | null) => {
    text.push(line);
    lines.push(meaning);
  };
  write(`${spec.kind} ${spec.title}${definitions === "" ? "" : `(${definitions})`} {`, null);
  const isLeaf = draft.leaves.has(`=${root}`);
  const head = passed === "" ? root : `${root}(${passed})`;
  write(`  ${head}${isLeaf ? "" : " {"}`, { path: "", name: root, spec: null });
  if (!isLeaf) {
    writeShape(protocol, draft, { shape: spec.shape, path: "", depth: 2 }, write);
    write("  }", null);
  }
  write("}", null);
  const variables = Object.fromEntries(used.map((arg) => [arg.name, arg.value]));
  return { text: text.join("\n"), root, variables, lines };
}

function givenDocument(spec: OperationSpec, root: string, values: Variables): Document {
  const variables: Record<string, string | boolean> = {};
  for (const [key, argument] of Object.entries(spec.arguments)) {
    const value = values[key];
    const name = argument.names.find((each) => spec.document.includes(`$${each}`));
    if (value !== undefined && name !== undefined) variables[name] = value;
  }
  return { text: spec.document, root, variables, lines: [] };
}

interface UsedArgument {
  readonly name: string;
  readonly type: string;
  readonly value: string | boolean;
}

function usedArguments(spec: OperationSpec, draft: Draft, values: Variables): UsedArgument[] {
  const used: UsedArgument[] = [];
  for (const [key, argument] of Object.entries(spec.arguments)) {
    const value = values[key];
    const names = draft.args.get(key) ?? (argument.need === "offered" ? [] : argument.names);
    const name = names[0];
    const type = (draft.types.get(key) ?? argument.types)[0];
    if (value === undefined || name === undefined || type === undefined) continue;
    used.push({ name, type, value });
  }
  return used;
}

type Write = (line: string, meaning: DocumentLine | null) => void;

function writeShape(
  protocol: KosmiProtocol,
  draft: Draft,
  at: {
    readonly shape: keyof KosmiProtocol["shapes"];
    readonly path: string;
    readonly depth: number;
  },
  write: Write,
): void {
  const indent = "  ".repeat(at.depth);
  let written = 0;
  for (const [key, field] of Object.entries(protocol.shapes[at.shape])) {
    const path = at.path === "" ? key : `${at.path}/${key}`;
    for (const name of askedNames(draft, path, field)) {
      writeField(protocol, draft, { path, name, field, depth: at.depth }, write);
      written++;
    }
  }
  // A selection must not be empty, and this every object has.
  if (written === 0) write(`${indent}__typename`, null);
}

function writeField(
  protocol: KosmiProtocol,
  draft: Draft,
  at: {
    readonly path: string;
    readonly name: string;
    readonly field: FieldSpec;
    readonly depth: number;
  },
  write: Write,
): void {
  const indent = "  ".repeat(at.depth);
  const meaning = { path: at.path, name: at.name, spec: at.field };
  const mark = `${at.path}=${at.name}`;
  if (at.field.shape !== undefined && !draft.leaves.has(mark)) {
    write(`${indent}${at.name} {`, meaning);
    writeShape(
      protocol,
      draft,
      { shape: at.field.shape, path: at.path, depth: at.depth + 1 },
      write,
    );
    write(`${indent}}`, null);
  } else if (draft.branches.has(mark)) {
    write(`${indent}${at.name} { __typename }`, meaning);
  } else {
    write(`${indent}${at.name}`, meaning);
  }
}
