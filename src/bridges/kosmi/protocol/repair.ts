import { askedNames, type Document, type DocumentLine, type Draft } from "./document.ts";
import type { GraphqlError } from "./graphql_error.ts";
import type { FieldSpec, KosmiProtocol, OperationSpec } from "./protocol.ts";

/** What came of mending a draft. `missing` names what the server no longer has and the operation can't do without. */
interface Repair {
  readonly changed: boolean;
  readonly missing: readonly string[];
  /** For the log: what was dropped or renamed. */
  readonly notes: readonly string[];
}

interface Bench {
  readonly protocol: KosmiProtocol;
  readonly spec: OperationSpec;
  readonly draft: Draft;
  readonly document: Document;
  readonly missing: string[];
  readonly notes: string[];
  /** Paths whose alternatives were all put in during this repair. */
  readonly widened: Set<string>;
  changed: boolean;
}

/** Changes `draft` by what the server said of `document`. */
export function repairDraft(
  of: {
    readonly protocol: KosmiProtocol;
    readonly spec: OperationSpec;
    readonly draft: Draft;
    readonly document: Document;
  },
  errors: readonly GraphqlError[],
): Repair {
  const bench: Bench = { ...of, missing: [], notes: [], widened: new Set(), changed: false };
  for (const error of errors) {
    const fault = readValidationError(error.message);
    if (fault !== null) mend(bench, fault, error.line);
    // Another root field from here on: the other errors speak of the one before.
    if (of.draft.roots[0] !== of.document.plan.root) break;
  }
  return { changed: bench.changed, missing: bench.missing, notes: bench.notes };
}

/** True when these errors are about the document and not about what it asked for. */
export function isValidationFailure(errors: readonly GraphqlError[]): boolean {
  return errors.length > 0 && errors.some((error) => readValidationError(error.message) !== null);
}

function mend(bench: Bench, fault: ValidationFault, line: number | null): void {
  switch (fault.kind) {
    case "field":
      return mendField(bench, fault.field, line);
    case "leaf":
      return markShape(bench, fault.field, line, bench.draft.leaves);
    case "branch":
      return markShape(bench, fault.field, line, bench.draft.branches);
    case "argument":
      return dropArgument(bench, fault.argument);
    case "argument-missing":
      return addArgument(bench, fault.argument);
    case "type":
      return dropType(bench, fault.type);
    case "variable-type":
      return setType(bench, fault.variable, fault.expected);
    case "variable-unused":
      return dropArgument(bench, fault.variable);
  }
}

/** The lines that a fault is about: the one at its position, else all that name the field. */
function linesNamed(bench: Bench, name: string, line: number | null): DocumentLine[] {
  const at = line === null ? null : bench.document.lines[line - 1];
  if (at !== undefined && at !== null && at.name === name) return [at];
  return bench.document.lines.flatMap((each) => each?.name === name ? [each] : []);
}

function mendField(bench: Bench, name: string, line: number | null): void {
  for (const found of linesNamed(bench, name, line)) {
    if (found.spec === null) dropRoot(bench, found.name);
    else dropField(bench, found.path, found.name, found.spec);
  }
}

function dropRoot(bench: Bench, name: string): void {
  if (!bench.draft.roots.includes(name)) return;
  bench.draft.roots = bench.draft.roots.filter((each) => each !== name);
  // What was learned of one root field's arguments says nothing of another's.
  bench.draft.args.clear();
  bench.draft.types.clear();
  bench.changed = true;
  bench.notes.push(`no ${bench.spec.kind} ${name}`);
  if (bench.draft.roots.length === 0) bench.missing.push(`${bench.spec.kind} ${name}`);
}

function dropField(bench: Bench, path: string, name: string, spec: FieldSpec): void {
  const { draft } = bench;
  const asked = askedNames(draft, path, spec);
  if (!asked.includes(name)) return;
  let left = asked.filter((each) => each !== name);
  // The first name is gone: ask for all the others at once, the server says which it has not.
  if (!draft.fields.has(path) && !bench.widened.has(path)) {
    left = spec.names.filter((each) => each !== name);
    bench.widened.add(path);
  }
  draft.fields.set(path, left);
  bench.changed = true;
  if (left.length > 0) return;
  bench.notes.push(`no field ${path}`);
  if (offerSiblings(bench, path)) return;
  if (spec.need === "required" && !parentMayGo(bench, path)) {
    bench.missing.push(`field ${spec.names.join("/")} (${path})`);
  }
}

/** The last of a selection is gone: ask for what was only to be asked where the schema shows it. */
function offerSiblings(bench: Bench, path: string): boolean {
  const siblings = siblingsOf(bench, path);
  const empty = siblings.every(([at, spec]) => askedNames(bench.draft, at, spec).length === 0);
  if (!empty) return false;
  const fresh = siblings.filter(([at, spec]) =>
    spec.need === "offered" && !bench.draft.fields.has(at)
  );
  for (const [at, spec] of fresh) bench.draft.fields.set(at, spec.names);
  return fresh.length > 0;
}

/** True when the object that holds a required field is itself not required: it is dropped in its place. */
function parentMayGo(bench: Bench, path: string): boolean {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  if (parent === "") return false;
  const spec = specAt(bench, parent);
  if (spec === null || spec.need === "required") return false;
  bench.draft.fields.set(parent, []);
  bench.notes.push(`no field ${parent}`);
  return true;
}

function markShape(bench: Bench, name: string, line: number | null, marks: Set<string>): void {
  for (const found of linesNamed(bench, name, line)) {
    const mark = `${found.path}=${found.name}`;
    if (marks.has(mark)) {
      if (found.spec !== null) dropField(bench, found.path, found.name, found.spec);
      continue;
    }
    marks.add(mark);
    bench.changed = true;
  }
}

function dropArgument(bench: Bench, name: string): void {
  for (const [key, argument] of Object.entries(bench.spec.arguments)) {
    const names = bench.draft.args.get(key) ?? (argument.need === "offered" ? [] : argument.names);
    if (names[0] !== name) continue;
    const left = names.slice(1);
    bench.draft.args.set(key, left);
    bench.changed = true;
    bench.notes.push(`no argument ${name}`);
    if (left.length > 0 || argument.need !== "required") return;
    // Another root field may take it.
    dropRoot(bench, bench.document.plan.root);
    if (bench.draft.roots.length === 0) bench.missing.push(`argument ${name}`);
    return;
  }
}

function addArgument(bench: Bench, name: string): void {
  for (const [key, argument] of Object.entries(bench.spec.arguments)) {
    const current = bench.draft.args.get(key) ??
      (argument.need === "offered" ? [] : argument.names);
    if (!argument.names.includes(name)) continue;
    // Mended already, by another error about the same document.
    if (current[0] === name) return;
    bench.draft.args.set(key, [name]);
    bench.changed = true;
    return;
  }
  bench.missing.push(`a value for the argument ${name}, which is new`);
}

function dropType(bench: Bench, type: string): void {
  for (const [key, argument] of Object.entries(bench.spec.arguments)) {
    const types = bench.draft.types.get(key) ?? argument.types;
    const left = types.filter((each) => each.replace(/[!\[\]]/g, "") !== type);
    if (left.length === types.length || left.length === 0) continue;
    bench.draft.types.set(key, left);
    bench.changed = true;
  }
}

function setType(bench: Bench, variable: string, expected: string): void {
  for (const [key, argument] of Object.entries(bench.spec.arguments)) {
    const name = (bench.draft.args.get(key) ?? argument.names)[0];
    if (name !== variable || bench.draft.types.get(key)?.[0] === expected) continue;
    bench.draft.types.set(key, [expected]);
    bench.changed = true;
  }
}

function siblingsOf(bench: Bench, path: string): [string, FieldSpec][] {
  const parent = path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
  const shape = parent === "" ? bench.spec.shape : specAt(bench, parent)?.shape;
  if (shape === undefined) return [];
  return Object.entries(bench.protocol.shapes[shape])
    .map(([key, spec]) => [parent === "" ? key : `${parent}/${key}`, spec]);
}

function specAt(bench: Bench, path: string): FieldSpec | null {
  let shape = bench.protocol.shapes[bench.spec.shape];
  let found: FieldSpec | null = null;
  for (const key of path.split("/")) {
    found = shape[key] ?? null;
    if (found === null) return null;
    shape = found.shape === undefined ? {} : bench.protocol.shapes[found.shape];
  }
  return found;
}

/** What a server can find wrong with a document. */
type ValidationFault =
  | { readonly kind: "field"; readonly field: string; readonly parent: string }
  | { readonly kind: "leaf"; readonly field: string }
  | { readonly kind: "branch"; readonly field: string }
  | { readonly kind: "argument"; readonly argument: string; readonly field: string }
  | { readonly kind: "argument-missing"; readonly argument: string }
  | { readonly kind: "type"; readonly type: string }
  | { readonly kind: "variable-type"; readonly variable: string; readonly expected: string }
  | { readonly kind: "variable-unused"; readonly variable: string };

const Q = `["'\`“”‘’]`;
const NAME = `${Q}\\$?([\\w.]+)${Q}`;
const TYPE = `${Q}([\\w!\\[\\]]+)${Q}`;

type Reader = readonly [RegExp, (one: string, two: string) => ValidationFault];

/** The wordings of graphql-js (old and new) and Absinthe. */
const READERS: readonly Reader[] = [
  [
    new RegExp(`Cannot query field ${NAME} on type ${TYPE}`, "i"),
    (field, parent) => ({ kind: "field", field, parent }),
  ],
  [
    new RegExp(`Field ${NAME} must not have a selection`, "i"),
    (field) => ({ kind: "leaf", field }),
  ],
  [
    new RegExp(`Field ${NAME} (?:of type ${TYPE} )?must have a (?:sub)?selection`, "i"),
    (field) => ({ kind: "branch", field }),
  ],
  [
    new RegExp(`Unknown argument ${NAME} on field ${NAME}`, "i"),
    (argument, field) => ({
      kind: "argument",
      argument,
      field: field.slice(field.lastIndexOf(".") + 1),
    }),
  ],
  [
    new RegExp(`Unknown argument ${NAME}`, "i"),
    (argument) => ({ kind: "argument", argument, field: "" }),
  ],
  [
    new RegExp(`Argument ${Q}[\\w.]+\\((\\w+):\\)${Q} of type ${TYPE} is required`, "i"),
    (argument) => ({ kind: "argument-missing", argument }),
  ],
  [
    new RegExp(`argument ${NAME} of type ${TYPE} is required`, "i"),
    (argument) => ({ kind: "argument-missing", argument }),
  ],
  [
    new RegExp(`In argument ${NAME}: Expected type ${TYPE}, found null`, "i"),
    (argument) => ({ kind: "argument-missing", argument }),
  ],
  [
    new RegExp(`Unknown type ${TYPE}`, "i"),
    (type) => ({ kind: "type", type: type.replace(/[!\[\]]/g, "") }),
  ],
  [
    new RegExp(`Variable ${NAME}.*(?:expecting type|argument of type|expected type) ${TYPE}`, "i"),
    (variable, expected) => ({ kind: "variable-type", variable, expected }),
  ],
  [
    new RegExp(`Variable ${NAME} is (?:never|not) used`, "i"),
    (variable) => ({ kind: "variable-unused", variable }),
  ],
];

/** Reads one message of a server that did not accept a document; null when it says something else. */
export function readValidationError(message: string): ValidationFault | null {
  for (const [pattern, make] of READERS) {
    const match = pattern.exec(message.slice(0, 2_000));
    if (match !== null) return make(match[1] ?? "", match[2] ?? "");
  }
  return null;
}
