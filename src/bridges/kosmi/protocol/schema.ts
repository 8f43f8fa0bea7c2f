import { property } from "../../../base/json.ts";
import { type Input, ITEM, itemType, matchInputs, neededFields, type Plan } from "./plan.ts";
import type { KosmiProtocol, OperationSpec } from "./protocol.ts";
import { type Field, findShape, type Found, missingRoles } from "./roles.ts";

/** The part of a GraphQL schema that matters here. */
export interface Schema {
  readonly roots: Readonly<Record<OperationSpec["kind"], string | null>>;
  /** Object and interface types by name. */
  readonly types: ReadonlyMap<string, ReadonlyMap<string, SchemaField>>;
  /** Input objects, and the values of enums, by name. */
  readonly inputs: ReadonlyMap<string, ReadonlyMap<string, SchemaArgument>>;
  readonly enums: ReadonlyMap<string, readonly string[]>;
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
      inputFields { name defaultValue type { ${TYPE_REF} } }
      enumValues(includeDeprecated: false) { name }
    }
  }
}`;

/** Reads the answer to INTROSPECTION; null when it is not one. */
export function readSchema(data: unknown): Schema | null {
  const schema = property(data, "__schema");
  const list = property(schema, "types");
  if (!Array.isArray(list)) return null;
  const types = new Map<string, ReadonlyMap<string, SchemaField>>();
  const inputs = new Map<string, ReadonlyMap<string, SchemaArgument>>();
  const enums = new Map<string, readonly string[]>();
  for (const type of list) {
    const name = property(type, "name");
    if (typeof name !== "string") continue;
    const [fields, given, values] = ["fields", "inputFields", "enumValues"]
      .map((key) => property(type, key));
    if (Array.isArray(fields)) types.set(name, readFields(fields));
    else if (Array.isArray(given)) inputs.set(name, readArguments(given));
    else if (Array.isArray(values)) {
      enums.set(name, values.flatMap((each: unknown) => String(property(each, "name") ?? "")));
    }
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
  return roots.query === null ? null : { roots, types, inputs, enums };
}

/** What either of two schemas shows: each of Kosmi's doors may show another part of the one that it has. */
export function mergeSchemas(one: Schema, other: Schema): Schema {
  const types = new Map(one.types);
  for (const [name, fields] of other.types) {
    types.set(name, new Map([...types.get(name) ?? [], ...fields]));
  }
  const { query, mutation, subscription } = one.roots;
  return {
    roots: {
      query: query ?? other.roots.query,
      mutation: mutation ?? other.roots.mutation,
      subscription: subscription ?? other.roots.subscription,
    },
    types,
    inputs: new Map([...one.inputs, ...other.inputs]),
    enums: new Map([...one.enums, ...other.enums]),
  };
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

/** What the schema makes of an operation: a plan, or what stands in the way of one. */
type SchemaPlan =
  | { readonly plan: Plan; readonly found: Found | null }
  | { readonly plan: null; readonly missing: readonly string[] };

/**
 * How the operation is said to a server with this schema: the root field by name, else one that resembles it; its arguments and fields by
 * name, type and position.
 */
export function planFromSchema(
  protocol: KosmiProtocol,
  spec: OperationSpec,
  schema: Schema,
): SchemaPlan {
  const rootType = schema.roots[spec.kind];
  const fields = (rootType === null ? undefined : schema.types.get(rootType)) ?? new Map();
  const reasons: string[] = [];
  for (const name of rootNames(spec, [...fields.keys()])) {
    const field = fields.get(name);
    if (field === undefined) continue;
    const made = planWith(protocol, spec, schema, { name, field });
    if (made.plan !== null) return made;
    reasons.push(...made.missing);
  }
  const missing = reasons.length > 0 ? reasons : [`${spec.kind} ${spec.names.join("/")}`];
  return { plan: null, missing: [...new Set(missing)] };
}

/** The specification's names, then those of the schema that resemble them: shortest first. */
function rootNames(spec: OperationSpec, all: readonly string[]): readonly string[] {
  const alike = all.filter((name) => isAlike(spec, name))
    .toSorted((one, other) => one.length - other.length);
  return [...new Set([...spec.names, ...alike])];
}

/** Whether a title or a root field's name may be that of the operation. */
export function isAlike(spec: OperationSpec, name: string): boolean {
  return new RegExp(spec.like, "i").test(name) && !new RegExp(spec.unlike, "i").test(name);
}

function planWith(
  protocol: KosmiProtocol,
  spec: OperationSpec,
  schema: Schema,
  { name, field }: { readonly name: string; readonly field: SchemaField },
): SchemaPlan {
  const inputs = [...field.args].flatMap(([arg, argument]) => inputsOf(schema, [arg], argument));
  const { values, unmet, untaken } = matchInputs(spec, inputs);
  if (untaken.length > 0) {
    return { plan: null, missing: untaken.map((key) => `argument ${key} is gone`) };
  }
  if (unmet.length > 0) {
    const needed = unmet.map((key) =>
      `a value for the argument ${key} of ${name}, which is new and required`
    );
    return { plan: null, missing: needed };
  }
  const variables = [...field.args].flatMap(([arg, { type }]) => {
    const value = values.get(arg);
    return value === undefined ? [] : [{ name: arg, type, value }];
  });
  const plan = { title: spec.title, kind: spec.kind, field: name, root: name, variables };
  if (!schema.types.has(field.type)) return { plan: { ...plan, fields: [] }, found: null };
  const fields = fieldsOfType(schema, field.type);
  const found = findShape(protocol, spec.shape, fields);
  if (found === null) {
    const missing = missingRoles(protocol, spec.shape, fields);
    // An acknowledgement that says nothing is one all the same.
    if (missing.length > 0) return { plan: null, missing };
    return { plan: { ...plan, fields: [{ key: "__typename", fields: [] }] }, found: null };
  }
  return { plan: { ...plan, fields: neededFields(fields, found) }, found };
}

/** A plain argument; for an input object each of its fields; for a list itself and what an entry of it takes. */
function inputsOf(
  schema: Schema,
  path: readonly string[],
  argument: SchemaArgument,
  outerRequired = true,
): Input[] {
  const bare = argument.type.replace(/[!\[\]]/g, "");
  const inner = schema.inputs.get(bare);
  const required = argument.required && outerRequired;
  const { type } = argument;
  if (type.startsWith("[")) {
    const item = { type: itemType(type), required };
    const inside = path.includes(ITEM) ? [] : inputsOf(schema, [...path, ITEM], item, required);
    return [{ path, type, required }, ...inside];
  }
  if (inner !== undefined && path.length < 5) {
    return [...inner].flatMap(([name, field]) =>
      inputsOf(schema, [...path, name], field, required || path.includes(ITEM))
    );
  }
  const options = schema.enums.get(bare);
  return [{ path, type, required, ...(options === undefined ? {} : { options }) }];
}

const DEEPEST = 6;
const MOST_FIELDS = 2_000;

/** All that can be asked of a type without arguments, to some depth. Types refer to themselves (a message's reply is a message): twice is enough. */
function fieldsOfType(schema: Schema, type: string): readonly Field[] {
  let budget = MOST_FIELDS;
  const within = (name: string, above: readonly string[]): Field[] =>
    [...schema.types.get(name) ?? []].flatMap(([key, field]): Field[] => {
      if (budget-- <= 0 || [...field.args.values()].some((each) => each.required)) return [];
      const isObject = schema.types.has(field.type);
      if (!isObject) return [{ key, type: field.type, fields: [] }];
      const again = above.filter((each) => each === field.type).length;
      if (again > 1 || above.length >= DEEPEST) return [];
      const fields = within(field.type, [...above, field.type]);
      return fields.length === 0 ? [] : [{ key, type: field.type, fields }];
    });
  return within(type, [type]);
}
