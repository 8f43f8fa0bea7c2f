import {
  type Plan,
  type PlannedVariable,
  type Values,
  variablesOf,
  writeDocument,
} from "./plan.ts";
import type { FieldSpec, KosmiProtocol, OperationSpec } from "./protocol.ts";
import type { Field } from "./roles.ts";

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

/** One line of a document, and what stands on it. */
export interface DocumentLine {
  readonly path: string;
  readonly name: string;
  readonly spec: FieldSpec | null;
}

export interface Document {
  readonly plan: Plan;
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Index 0 is line 1. */
  readonly lines: readonly (DocumentLine | null)[];
}

/** The names asked for at a path now. */
export function askedNames(draft: Draft, path: string, spec: FieldSpec): readonly string[] {
  const learned = draft.fields.get(path);
  if (learned !== undefined) return learned;
  return spec.need === "offered" ? [] : spec.names.slice(0, 1);
}

/** Puts the document of a draft together, one field a line, so that an error's position tells the field. */
export function buildDocument(
  protocol: KosmiProtocol,
  spec: OperationSpec,
  draft: Draft,
  values: Values,
): Document {
  const root = draft.roots[0] ?? spec.names[0] ?? "";
  const meanings = new Map<Field, DocumentLine>();
  const isLeaf = draft.leaves.has(`=${root}`);
  const at = { shape: spec.shape, path: "" };
  const plan: Plan = {
    title: spec.title,
    kind: spec.kind,
    field: root,
    root,
    variables: plannedVariables(spec, draft),
    fields: isLeaf ? [] : draftedFields(protocol, draft, at, meanings),
  };
  const { text, lines } = writeDocument(plan, values);
  return {
    plan,
    text,
    variables: variablesOf(plan, values),
    lines: lines.map((field, line) => {
      if (line === 1) return { path: "", name: root, spec: null };
      return field === null ? null : meanings.get(field) ?? null;
    }),
  };
}

function plannedVariables(spec: OperationSpec, draft: Draft): PlannedVariable[] {
  return Object.entries(spec.arguments).flatMap(([role, argument]) => {
    const names = draft.args.get(role) ?? (argument.need === "offered" ? [] : argument.names);
    const name = names[0];
    const type = (draft.types.get(role) ?? argument.types)[0];
    return name === undefined || type === undefined ? [] : [{ name, type, value: { role } }];
  });
}

function draftedFields(
  protocol: KosmiProtocol,
  draft: Draft,
  at: { readonly shape: keyof KosmiProtocol["shapes"]; readonly path: string },
  meanings: Map<Field, DocumentLine>,
): readonly Field[] {
  const fields: Field[] = [];
  for (const [key, spec] of Object.entries(protocol.shapes[at.shape])) {
    const path = at.path === "" ? key : `${at.path}/${key}`;
    for (const name of askedNames(draft, path, spec)) {
      const mark = `${path}=${name}`;
      const inner = spec.shape !== undefined && !draft.leaves.has(mark)
        ? draftedFields(protocol, draft, { shape: spec.shape, path }, meanings)
        : draft.branches.has(mark)
        ? [TYPENAME]
        : [];
      const field: Field = { key: name, fields: inner };
      meanings.set(field, { path, name, spec });
      fields.push(field);
    }
  }
  // A selection must not be empty, and this every object has.
  return fields.length > 0 ? fields : [TYPENAME];
}

const TYPENAME: Field = { key: "__typename", fields: [] };

/** A document of the configuration, as it stands there; its variables keep our names. */
export function givenPlan(spec: OperationSpec): Plan {
  const variables = Object.entries(spec.arguments).flatMap(([role, { names, types }]) => {
    const name = names.find((each) => new RegExp(`\\$${each}\\b`).test(spec.document));
    return name === undefined ? [] : [{ name, type: types[0] ?? "", value: { role } }];
  });
  const { title, kind, document } = spec;
  const root = spec.names[0] ?? "";
  return { title, kind, field: root, root, variables, fields: null, text: document };
}
