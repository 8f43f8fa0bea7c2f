import type {
  DefinitionNode,
  DocumentNode,
  FieldNode,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
  ValueNode,
} from "graphql";
import type { Field } from "../protocol/roles.ts";

/** A variable that the app gives an operation. */
export interface AppVariable {
  readonly name: string;
  /** As it is written: "String!". */
  readonly type: string;
  /** The argument (or field of an input object) that it fills. */
  readonly argument: string;
  readonly hasDefault: boolean;
}

/** One operation of the web app, from one root field on. */
export interface AppOperation {
  readonly title: string;
  readonly kind: "query" | "mutation" | "subscription";
  /** The root field's name, and under which key the answer has it. */
  readonly field: string;
  readonly root: string;
  /** The document to send: this operation, this root field and the fragments it needs. */
  readonly text: string;
  readonly variables: readonly AppVariable[];
  readonly fields: readonly Field[];
}

/** A GraphQL text, perhaps with the fields of an answer to it; or a document in the form of graphql-js. */
export type Source =
  | { readonly text: string; readonly answer?: readonly Field[] }
  | { readonly tree: unknown };

const MOST_OPERATIONS = 2_000;
const MOST_TOKENS = 20_000;
const DEEPEST = 12;
const LONGEST_TEXT = 60_000;

/** The operations that GraphQL sources hold. What is no GraphQL is left out; nothing here throws. */
export async function readOperations(
  sources: Iterable<Source>,
  pause: () => Promise<void>,
): Promise<readonly AppOperation[]> {
  // A bundle of the relay has the package in the older module form: all of it under `default`.
  const loaded: Graphql & { readonly default?: Graphql } = await import("graphql");
  const graphql = loaded.default ?? loaded;
  const pool = new Map<string, FragmentDefinitionNode>();
  const found: Definition[] = [];
  for (const source of sources) {
    await pause();
    const document = documentOf(graphql, source);
    if (document === null) continue;
    for (const node of document.definitions) {
      if (node.kind === "FragmentDefinition") {
        if (!pool.has(node.name.value)) pool.set(node.name.value, node);
      } else if (node.kind === "OperationDefinition" && found.length < MOST_OPERATIONS) {
        const answer = "text" in source ? source.answer ?? [] : [];
        found.push({ operation: node, near: document.definitions, answer });
      }
    }
  }
  const operations: AppOperation[] = [];
  for (const { operation, near, answer } of found) {
    await pause();
    const own = near.filter((node) => node.kind === "FragmentDefinition");
    const fragments = new Map([...pool, ...own.map((node) => [node.name.value, node] as const)]);
    try {
      const read = new Reader(graphql, operation, fragments).operations();
      operations.push(...read.map((one) => withTypes(one, answer)));
    } catch {
      // Nested deeper than the stack, or a tree that graphql-js can't print: not one of the app's.
    }
  }
  return operations;
}

interface Definition {
  readonly operation: OperationDefinitionNode;
  readonly near: readonly DefinitionNode[];
  readonly answer: readonly Field[];
}

/** An operation with the types that an answer to it showed. */
function withTypes(operation: AppOperation, answer: readonly Field[]): AppOperation {
  const typed = (fields: readonly Field[], seen: readonly Field[]): readonly Field[] =>
    fields.map((field) => {
      const shown = seen.find(({ key }) => key === field.key);
      if (shown === undefined) return field;
      const { type } = shown;
      const inner = typed(field.fields, shown.fields);
      return { ...field, ...(type === undefined ? {} : { type }), fields: inner };
    });
  const root = answer.find(({ key }) => key === operation.root);
  return root === undefined ? operation : {
    ...operation,
    fields: typed(operation.fields, root.fields),
  };
}

type Graphql = typeof import("graphql");

function documentOf(graphql: Graphql, source: Source): DocumentNode | null {
  try {
    const text = "text" in source ? source.text : printed(graphql, source.tree);
    return graphql.parse(text, { noLocation: true, maxTokens: MOST_TOKENS });
  } catch {
    return null;
  }
}

/** Printed and parsed again: what comes out is a tree as graphql-js makes it, whatever went in. */
function printed(graphql: Graphql, tree: unknown): string {
  // print() throws on what it doesn't know.
  return graphql.print(tree as DocumentNode);
}

/** Makes one operation for each root field of a definition. */
class Reader {
  readonly #graphql: Graphql;
  readonly #operation: OperationDefinitionNode;
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  #budget = 3_000;

  constructor(
    graphql: Graphql,
    operation: OperationDefinitionNode,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  ) {
    this.#graphql = graphql;
    this.#operation = operation;
    this.#fragments = fragments;
  }

  operations(): AppOperation[] {
    const roots = this.#plainFields(this.#operation.selectionSet, 0);
    // What changes something must do one thing.
    if (roots.length > 1 && this.#operation.operation !== "query") return [];
    return roots.flatMap((root) => this.#from(root) ?? []);
  }

  #from(given: FieldNode): AppOperation | null {
    const root = this.#cleaned(given, 0);
    if (root === null) return null;
    const uses = new Map<string, string>();
    argumentUses(root, uses);
    const definitions = (this.#operation.variableDefinitions ?? [])
      .filter(({ variable }) => uses.has(variable.name.value))
      .map((definition) => ({ ...definition, directives: [] }));
    const { operation, name } = this.#operation;
    const { print } = this.#graphql;
    const text = print({
      kind: this.#graphql.Kind.OPERATION_DEFINITION,
      operation,
      ...(name === undefined ? {} : { name }),
      variableDefinitions: definitions,
      directives: [],
      selectionSet: { kind: this.#graphql.Kind.SELECTION_SET, selections: [root] },
    });
    if (text.length > LONGEST_TEXT) return null;
    return {
      title: name?.value ?? "",
      kind: operation,
      field: root.name.value,
      root: root.alias?.value ?? root.name.value,
      text,
      variables: definitions.map(({ variable, type, defaultValue }) => ({
        name: variable.name.value,
        type: print(type),
        argument: uses.get(variable.name.value) ?? variable.name.value,
        hasDefault: defaultValue !== undefined,
      })),
      fields: fieldsIn(root.selectionSet),
    };
  }

  /** The root fields, those of fragments too. */
  #plainFields(set: SelectionSetNode, depth: number): FieldNode[] {
    return set.selections.flatMap((node) => {
      if (node.kind === "Field") return node.name.value.startsWith("__") ? [] : [node];
      if (depth > DEEPEST) return [];
      const inner = node.kind === "InlineFragment"
        ? node.selectionSet
        : this.#fragments.get(node.name.value)?.selectionSet;
      return inner === undefined ? [] : this.#plainFields(inner, depth + 1);
    });
  }

  /**
   * A field without directives (a client's own, and switches whose variables would have to be known) and with fragments in
   * place. Null when the server is not asked for it.
   */
  #cleaned(node: FieldNode, depth: number): FieldNode | null {
    if (depth > DEEPEST || this.#budget-- <= 0) return null;
    const directives = (node.directives ?? []).map(({ name }) => name.value);
    if (directives.includes("client")) return null;
    const { selectionSet, ...rest } = node;
    if (selectionSet === undefined) return { ...rest, directives: [] };
    const selections = this.#selections(selectionSet, depth + 1);
    return { ...rest, directives: [], selectionSet: { ...selectionSet, selections } };
  }

  #selections(set: SelectionSetNode, depth: number): SelectionNode[] {
    const selections = set.selections.flatMap((node): SelectionNode[] => {
      if (node.kind === "Field") {
        const field = this.#cleaned(node, depth);
        return field === null ? [] : [field];
      }
      if (depth > DEEPEST || this.#budget-- <= 0) return [];
      const fragment = node.kind === "InlineFragment" ? node : this.#fragments.get(node.name.value);
      if (fragment === undefined) return [];
      const inner = this.#selections(fragment.selectionSet, depth + 1);
      const { typeCondition } = fragment;
      return [{
        kind: this.#graphql.Kind.INLINE_FRAGMENT,
        ...(typeCondition === undefined ? {} : { typeCondition }),
        selectionSet: { ...fragment.selectionSet, selections: inner },
      }];
    });
    return selections.length > 0 ? selections : [this.#typename()];
  }

  #typename(): FieldNode {
    const { Kind } = this.#graphql;
    return { kind: Kind.FIELD, name: { kind: Kind.NAME, value: "__typename" } };
  }
}

/** Which argument, or field of an input object, each variable fills. */
function argumentUses(node: FieldNode, uses: Map<string, string>): void {
  for (const { name, value } of node.arguments ?? []) valueUses(name.value, value, uses);
  for (const inner of node.selectionSet?.selections ?? []) selectionUses(inner, uses);
}

function selectionUses(node: SelectionNode, uses: Map<string, string>): void {
  if (node.kind === "Field") argumentUses(node, uses);
  else if (node.kind === "InlineFragment") {
    for (const inner of node.selectionSet.selections) selectionUses(inner, uses);
  }
}

function valueUses(name: string, value: ValueNode, uses: Map<string, string>): void {
  if (value.kind === "Variable") {
    if (!uses.has(value.name.value)) uses.set(value.name.value, name);
  } else if (value.kind === "ListValue") {
    for (const each of value.values) valueUses(name, each, uses);
  } else if (value.kind === "ObjectValue") {
    for (const field of value.fields) valueUses(field.name.value, field.value, uses);
  }
}

/** The fields of an answer: those of fragments stand beside the others, and what is asked twice is one. */
function fieldsIn(set: SelectionSetNode | undefined): readonly Field[] {
  const fields = new Map<string, Field>();
  const add = (inner: SelectionSetNode): void => {
    for (const node of inner.selections) {
      if (node.kind === "InlineFragment") add(node.selectionSet);
      if (node.kind !== "Field" || node.name.value.startsWith("__")) continue;
      const key = node.alias?.value ?? node.name.value;
      const name = node.name.value;
      const before = fields.get(key);
      const more = fieldsIn(node.selectionSet);
      fields.set(key, {
        key,
        ...(name === key ? {} : { name }),
        fields: before === undefined ? more : merged(before.fields, more),
      });
    }
  };
  if (set !== undefined) add(set);
  return [...fields.values()];
}

function merged(one: readonly Field[], other: readonly Field[]): readonly Field[] {
  return [...one, ...other.filter(({ key }) => !one.some((field) => field.key === key))];
}
