import { type Draft, newDraft } from "./document.ts";
import { property } from "./graphql_error.ts";
import type { ArgumentSpec, KosmiProtocol, OperationSpec, Shape } from "./protocol.ts";

/** The part of a GraphQL schema that matters here. */
export interface Schema {
  readonly roots: Readonly<Record<OperationSpec["kind"], string | null>>;
  /** Object and interface types by name. */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, SchemaField>>;
}

interface SchemaField {
  /** Name of its type without list and non-null marks. */
  readonly type: string;
  readonly args: ReadonlyMap<string, SchemaArgument>;
}

interface SchemaArgument {
  /** As it is written: "String!". */
  readonly type: string;
  readonly required: boolean;
}

const TYPE_REF = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";

/** What to ask a server for its schema: fields, arguments and types, no descriptions. */
export const INTROSPECTION = `query RelaySchema {
  __schema {
    queryType { name } mutationType { name } subscriptionType { name }
    types {
      kind name
      fields(includeDeprecated: true) {
        name
        args { name defaultValue type { ${TYPE_REF} } }
        type { ${TYPE_REF} }
      }
    }
  }
}`;

/** Reads the answer to INTROSPECTION; null when it is not one. */
export function readSchema(data: unknown): Schema | null {
  const schema = property(data, "__schema");
  const list = property(schema, "types");
  if (!Array.isArray(list)) return null;
  const types = new Map<string, ReadonlyMap<string, SchemaField>>();
  for (const type of list) {
    const name = property(type, "name");
    const fields = property(type, "fields");
    if (typeof name === "string" && Array.isArray(fields)) types.set(name, readFields(fields));
  }
  const root = (key: string) => {
    const name = property(property(schema, key), "name");
    return typeof name === "string" && types.has(name) ? name : null;
  };
  const roots = {
    query: root("queryType"),
    mutation: root("mutationType"),
    subscription: root("subscriptionType"),
  };
  return roots.query === null ? null : { roots, types };
}

function readFields(list: readonly unknown[]): ReadonlyMap<string, SchemaField> {
  const fields = new Map<string, SchemaField>();
  for (const field of list) {
    const name = property(field, "name");
    if (typeof name !== "string") continue;
    const args = property(field, "args");
    fields.set(name, {
      type: bareName(property(field, "type")),
      args: readArguments(Array.isArray(args) ? args : []),
    });
  }
  return fields;
}

function readArguments(list: readonly unknown[]): ReadonlyMap<string, SchemaArgument> {
  const args = new Map<string, SchemaArgument>();
  for (const argument of list) {
    const name = property(argument, "name");
    if (typeof name !== "string") continue;
    const type = written(property(argument, "type"));
    const hasDefault = typeof property(argument, "defaultValue") === "string";
    args.set(name, { type, required: type.endsWith("!") && !hasDefault });
  }
  return args;
}

function bareName(type: unknown): string {
  const inner = property(type, "ofType");
  if (inner !== null && inner !== undefined) return bareName(inner);
  const name = property(type, "name");
  return typeof name === "string" ? name : "";
}

function written(type: unknown): string {
  const kind = property(type, "kind");
  const inner = property(type, "ofType");
  if (kind === "NON_NULL") return `${written(inner)}!`;
  if (kind === "LIST") return `[${written(inner)}]`;
  const name = property(type, "name");
  return typeof name === "string" ? name : "String";
}

/** The draft of an operation as the schema has it; null when the schema doesn't have it. */
export function draftFromSchema(
  protocol: KosmiProtocol,
  spec: OperationSpec,
  schema: Schema,
): Draft | null {
  const rootType = schema.roots[spec.kind];
  const fields = rootType === null ? undefined : schema.types.get(rootType);
  if (fields === undefined) return null;
  const known = spec.names.flatMap((name) => {
    const field = fields.get(name);
    return field === undefined ? [] : [{ name, field }];
  });
  const usable = known.filter(({ field }) => takesRequired(spec, field));
  const best = usable[0];
  if (best === undefined) return null;
  const draft = newDraft(spec);
  draft.roots = usable.map(({ name }) => name);
  chooseArguments(draft, spec, best.field);
  if (schema.types.has(best.field.type)) {
    chooseFields(draft, protocol, schema, { shape: spec.shape, type: best.field.type, path: "" });
  } else {
    draft.leaves.add(`=${best.name}`);
  }
  return draft;
}

function takesRequired(spec: OperationSpec, field: SchemaField): boolean {
  return Object.values(spec.arguments).every((argument) =>
    argument.need !== "required" || argument.names.some((name) => field.args.has(name))
  );
}

function chooseArguments(draft: Draft, spec: OperationSpec, field: SchemaField): void {
  for (const [key, argument] of Object.entries(spec.arguments)) {
    const name = argument.names.find((each) => field.args.has(each));
    draft.args.set(key, name === undefined ? [] : [name]);
    const type = name === undefined ? undefined : field.args.get(name)?.type;
    if (type !== undefined) draft.types.set(key, typesFrom(type, argument));
  }
}

function typesFrom(type: string, argument: ArgumentSpec): readonly string[] {
  return [type, ...argument.types.filter((each) => each !== type)];
}

/** Types refer to themselves (a message's reply is a message): our own shapes end that. */
function chooseFields(
  draft: Draft,
  protocol: KosmiProtocol,
  schema: Schema,
  at: {
    readonly shape: keyof KosmiProtocol["shapes"];
    readonly type: string;
    readonly path: string;
  },
): void {
  const fields = schema.types.get(at.type) ?? new Map<string, SchemaField>();
  const shape: Shape = protocol.shapes[at.shape];
  for (const [key, spec] of Object.entries(shape)) {
    const path = at.path === "" ? key : `${at.path}/${key}`;
    const fitting = spec.names.filter((name) => fits(fields.get(name), spec.shape, schema));
    const name = fitting[0];
    draft.fields.set(path, name === undefined ? [] : [name]);
    const type = name === undefined ? undefined : fields.get(name)?.type;
    if (type === undefined || spec.shape === undefined) continue;
    if (schema.types.has(type)) {
      chooseFields(draft, protocol, schema, { shape: spec.shape, type, path });
    } else {
      draft.leaves.add(`${path}=${name}`);
    }
  }
}

/** A plain value is wanted where no shape is given; for a shape an object, or at least its id as a plain value. */
function fits(
  field: SchemaField | undefined,
  shape: string | undefined,
  schema: Schema,
): boolean {
  if (field === undefined || [...field.args.values()].some((each) => each.required)) return false;
  return shape !== undefined || !schema.types.has(field.type);
}
