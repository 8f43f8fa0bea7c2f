import type { GraphqlError } from "./graphql_error.ts";
import { type Plan, type PlannedVariable, type Values, writeDocument } from "./plan.ts";
import type { FieldSpec, KosmiProtocol, OperationSpec, ShapeName } from "./protocol.ts";
import type { Field } from "./roles.ts";

/** A document that was put together from the specification and from what the server said of earlier ones. */
export interface MendedDocument {
  readonly plan: Plan;
  readonly text: string;
  /** What the server no longer has and the operation can't do without; the document is of no use then. */
  readonly missing: readonly string[];
  /** What stands on each line, from 0. */
  readonly lines: readonly (Line | null)[];
}

/** A field on a line of a document. Paths are our own keys joined by "/"; `spec` is null for the root field. */
interface Line {
  readonly path: string;
  readonly name: string;
  readonly spec: FieldSpec | null;
}

interface Selection {
  readonly fields: readonly Field[];
  readonly missing: readonly string[];
}

const TYPENAME: Field = { key: "__typename", fields: [] };

/**
 * One operation as it is built in, with what the server said is wrong with it: facts, from which each document is made anew. A name that
 * is gone gives way to all its alternatives at once; the server says which of them it has not.
 */
export class Mending {
  readonly #protocol: KosmiProtocol;
  readonly #spec: OperationSpec;
  #roots: readonly string[];
  /** `path=name` of fields, `(role=name` of arguments, and `:type`, that the server has not. */
  readonly #denied = new Set<string>();
  /** `path=name` of fields that have no fields of their own, or have some. */
  readonly #leaves = new Set<string>();
  readonly #branches = new Set<string>();
  /** Arguments that the server asked for, and types that it named. */
  readonly #wanted = new Map<string, string>();
  readonly #types = new Map<string, string>();
  readonly #unknown = new Set<string>();

  constructor(protocol: KosmiProtocol, spec: OperationSpec) {
    this.#protocol = protocol;
    this.#spec = spec;
    this.#roots = spec.names;
  }

  document(values: Values): MendedDocument {
    const { kind, title, names, shape } = this.#spec;
    const root = this.#roots[0] ?? names[0] ?? "";
    const meanings = new Map<Field, Line>();
    const isLeaf = this.#leaves.has(`=${root}`);
    const selection = isLeaf ? { fields: [], missing: [] } : this.#selection(shape, "", meanings);
    const variables = this.#variables();
    const plan = { title, kind, field: root, root, variables, fields: selection.fields };
    const { text, lines } = writeDocument(plan, values);
    return {
      plan,
      text,
      missing: [
        ...(this.#roots.length === 0 ? [`${kind} ${names.join("/")}`] : selection.missing),
        ...[...this.#unknown].map((name) => `a value for the argument ${name}, which is new`),
      ],
      lines: lines.map((field, line) =>
        line === 1
          ? { path: "", name: root, spec: null }
          : field === null
          ? null
          : meanings.get(field) ?? null
      ),
    };
  }

  /** Takes what the server said of a document. The answer names what is gone; null: it said nothing new. */
  learn(errors: readonly GraphqlError[], of: MendedDocument): readonly string[] | null {
    const before = this.#facts();
    const [root] = this.#roots;
    for (const { message, line } of errors) {
      const fault = readValidationError(message);
      if (fault !== null) this.#take(fault, line, of);
      // Another root field from here on: the other errors speak of the one before.
      if (this.#roots[0] !== root) break;
    }
    const fresh = this.#facts().filter((fact) => !before.includes(fact));
    return fresh.length === 0 && this.#roots[0] === root ? null : fresh;
  }

  #facts(): string[] {
    const named = (kind: string, facts: Iterable<unknown>) =>
      [...facts].map((fact) => `${kind} ${fact}`);
    return [
      ...named("no", this.#denied),
      ...named("plain", this.#leaves),
      ...named("an object", this.#branches),
      ...named("with", this.#wanted),
      ...named("of type", this.#types),
      ...named("unknown", this.#unknown),
    ];
  }

  #take(fault: ValidationFault, line: number | null, of: MendedDocument): void {
    switch (fault.kind) {
      case "field":
        for (const found of linesNamed(of, fault.name, line)) this.#deny(found);
        return;
      case "leaf":
      case "branch": {
        const marks = fault.kind === "leaf" ? this.#leaves : this.#branches;
        for (const found of linesNamed(of, fault.name, line)) {
          const mark = `${found.path}=${found.name}`;
          if (marks.has(mark)) this.#deny(found);
          else marks.add(mark);
        }
        return;
      }
      case "argument":
      case "variable-unused":
        return this.#denyArgument(fault.name);
      case "argument-missing": {
        const known = Object.entries(this.#spec.arguments)
          .find(([, { names }]) => names.includes(fault.name));
        if (known === undefined) this.#unknown.add(fault.name);
        else this.#wanted.set(known[0], fault.name);
        return;
      }
      case "type":
        this.#denied.add(`:${fault.name}`);
        return;
      case "variable-type":
        for (const role of Object.keys(this.#spec.arguments)) {
          if (this.#argument(role) === fault.name) this.#types.set(role, fault.expected ?? "");
        }
    }
  }

  #deny({ path, name, spec }: Line): void {
    if (spec === null) this.#dropRoot(name);
    else this.#denied.add(`${path}=${name}`);
  }

  /** What was learned of one root field's arguments says nothing of another's. */
  #dropRoot(name: string): void {
    this.#roots = this.#roots.filter((each) => each !== name);
    this.#wanted.clear();
    this.#types.clear();
    this.#unknown.clear();
    for (const fact of this.#denied) if (fact.startsWith("(")) this.#denied.delete(fact);
  }

  #denyArgument(name: string): void {
    for (const [role, { need }] of Object.entries(this.#spec.arguments)) {
      if (this.#argument(role) !== name) continue;
      this.#denied.add(`(${role}=${name}`);
      // Another root field may take it.
      if (need === "required" && this.#argument(role) === undefined) {
        this.#dropRoot(this.#roots[0] ?? "");
      }
      return;
    }
  }

  /** The name of an argument now; undefined where it is not given. */
  #argument(role: string): string | undefined {
    const { need = "offered", names = [] } = this.#spec.arguments[role] ?? {};
    const left = names.filter((name) => !this.#denied.has(`(${role}=${name}`));
    const wanted = this.#wanted.get(role);
    if (wanted !== undefined && left.includes(wanted)) return wanted;
    return need === "offered" ? undefined : left[0];
  }

  #variables(): readonly PlannedVariable[] {
    return Object.entries(this.#spec.arguments).flatMap(([role, { types }]) => {
      const name = this.#argument(role);
      const type = this.#types.get(role) ??
        types.find((each) => !this.#denied.has(`:${each.replace(/[!\[\]]/g, "")}`));
      return name === undefined || type === undefined ? [] : [{ name, type, value: { role } }];
    });
  }

  /** What to ask of a shape; of what is only offered something when nothing else is left. */
  #selection(shape: ShapeName, path: string, meanings: Map<Field, Line>): Selection {
    const plain = this.#fields(shape, path, meanings, false);
    if (plain.fields.length > 0) return plain;
    const offered = this.#fields(shape, path, meanings, true);
    return offered.fields.length > 0 ? offered : { ...plain, fields: [TYPENAME] };
  }

  #fields(
    shape: ShapeName,
    above: string,
    meanings: Map<Field, Line>,
    withOffered: boolean,
  ): Selection {
    const fields: Field[] = [];
    const missing: string[] = [];
    for (const [role, spec] of Object.entries(this.#protocol.shapes[shape])) {
      if (spec.need === "offered" && !withOffered) continue;
      const path = above === "" ? role : `${above}/${role}`;
      const left = spec.names.filter((name) => !this.#denied.has(`${path}=${name}`));
      const asked = left.length === spec.names.length ? left.slice(0, 1) : left;
      let lost: readonly string[] = left.length > 0
        ? []
        : [`field ${spec.names.join("/")} (${path})`];
      for (const name of asked) {
        const inner = this.#inner(spec, path, name, meanings);
        lost = inner.missing;
        // An object without what it is asked for is not asked for, where that may be.
        if (lost.length > 0 && spec.need !== "required") continue;
        const field: Field = { key: name, fields: inner.fields };
        meanings.set(field, { path, name, spec });
        fields.push(field);
      }
      if (spec.need === "required") missing.push(...lost);
    }
    return { fields, missing };
  }

  #inner(spec: FieldSpec, path: string, name: string, meanings: Map<Field, Line>): Selection {
    const mark = `${path}=${name}`;
    if (spec.shape !== undefined && !this.#leaves.has(mark)) {
      return this.#selection(spec.shape, path, meanings);
    }
    return { fields: this.#branches.has(mark) ? [TYPENAME] : [], missing: [] };
  }
}

/** The lines that a fault is about: the one at its position, else all that name the field. */
function linesNamed({ lines }: MendedDocument, name: string, line: number | null): Line[] {
  const at = line === null ? null : lines[line - 1];
  if (at !== undefined && at !== null && at.name === name) return [at];
  return lines.flatMap((each) => each?.name === name ? [each] : []);
}

/** True when these errors are about the document and not about what it asked for. */
export function isValidationFailure(errors: readonly GraphqlError[]): boolean {
  return errors.some(({ message }) => readValidationError(message) !== null);
}

/** What a server finds wrong with a document: `name` is the field, argument, type or variable. */
interface ValidationFault {
  readonly kind:
    | "field"
    | "leaf"
    | "branch"
    | "argument"
    | "argument-missing"
    | "type"
    | "variable-type"
    | "variable-unused";
  readonly name: string;
  /** The type that is wanted in its place. */
  readonly expected?: string;
}

const Q = `["'\`“”‘’]`;
const NAME = `${Q}\\$?(?<name>[\\w.]+)${Q}`;
const TYPE = `${Q}(?<expected>[\\w!\\[\\]]+)${Q}`;
const ANY = `${Q}[^"]{1,200}${Q}`;

/** The wordings of graphql-js (old and new) and Absinthe. */
const READERS = ([
  ["field", `Cannot query field ${NAME} on type`],
  ["leaf", `Field ${NAME} must not have a selection`],
  ["branch", `Field ${NAME} (?:of type ${ANY} )?must have a (?:sub)?selection`],
  ["argument", `Unknown argument ${NAME}`],
  ["argument-missing", `Argument ${Q}[\\w.]+\\((?<name>\\w+):\\)${Q} of type ${ANY} is required`],
  ["argument-missing", `argument ${NAME} of type ${ANY} is required`],
  ["argument-missing", `In argument ${NAME}: Expected type ${ANY}, found null`],
  ["type", `Unknown type ${Q}[!\\[\\]]*(?<name>\\w+)[!\\[\\]]*${Q}`],
  ["variable-type", `Variable ${NAME}.*(?:expecting type|argument of type|expected type) ${TYPE}`],
  ["variable-unused", `Variable ${NAME} is (?:never|not) used`],
] as const).map(([kind, pattern]) => ({ kind, pattern: new RegExp(pattern, "i") }));

/** Reads one message of a server that did not accept a document; null when it says something else. */
export function readValidationError(message: string): ValidationFault | null {
  for (const { kind, pattern } of READERS) {
    const groups = pattern.exec(message.slice(0, 2_000))?.groups;
    if (groups === undefined) continue;
    const { name = "", expected } = groups;
    return expected === undefined ? { kind, name } : { kind, name, expected };
  }
  return null;
}
