import {
  buildASTSchema,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLFieldResolver,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLSchema,
  type InputValueDefinitionNode,
  isObjectType,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
  print,
} from "graphql";
import { fromRich, RICH_TYPES, toRich } from "./rich_text.ts";
import { LOGIN_MUTATIONS, schemaText } from "./schema_text.ts";
import type { KosmiVariants, RichForm } from "./variants.ts";

export type SchemaScope = "http" | "socket";

type Arguments = Readonly<Record<string, unknown>>;
type Resolver = GraphQLFieldResolver<Record<string, unknown>, unknown>;

/**
 * The schema with the variants' fields and arguments taken away, renamed or put elsewhere. Resolvers are told the original field name and
 * arguments, so that a field still finds its value wherever it stands.
 */
export function buildKosmiSchema(variants: KosmiVariants, scope: SchemaScope): GraphQLSchema {
  const reshaping = new Reshaping(variants, scope);
  const built = buildASTSchema(reshaping.document(parse(schemaText(variants)))).toConfig();
  // Absinthe has these in every schema, used or not.
  const types = new Set([...built.types, GraphQLID, GraphQLInt, GraphQLFloat]);
  const schema = new GraphQLSchema({ ...built, types: [...types] });
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const path = `${type.name}.${field.name}`;
      field.resolve = reshaping.resolvers.get(path) ?? resolverOf(field.name);
    }
  }
  return schema;
}

function resolverOf(name: string): Resolver {
  return (source, args, context) => {
    const value = source[name];
    return typeof value === "function" ? value.call(source, args, context) : value;
  };
}

/** Reshapes the schema's text, and remembers how each field finds its value. */
class Reshaping {
  readonly resolvers = new Map<string, Resolver>();
  readonly #variants: KosmiVariants;
  readonly #scope: SchemaScope;
  /** Types that the variants add, by name. */
  readonly #added = new Map<string, string>();

  constructor(variants: KosmiVariants, scope: SchemaScope) {
    this.#variants = variants;
    this.#scope = scope;
  }

  document(document: DocumentNode): DocumentNode {
    const definitions = document.definitions
      .map((node) => node.kind === Kind.OBJECT_TYPE_DEFINITION ? this.#type(node) : node)
      .filter((node) => node.kind !== Kind.OBJECT_TYPE_DEFINITION || node.fields?.length !== 0);
    const added = [...this.#added.values()].flatMap((text) => parse(text).definitions);
    return { ...document, definitions: [...definitions, ...added] };
  }

  #type(type: ObjectTypeDefinitionNode): ObjectTypeDefinitionNode {
    const { missing, httpSchema, nested } = this.#variants;
    const typeName = type.name.value;
    const loginOnly = this.#scope === "http" && httpSchema === "login-only" &&
      typeName === "RootMutationType";
    const groups = new Map<string, string[]>();
    const fields = (type.fields ?? []).flatMap((field) => {
      const path = `${typeName}.${field.name.value}`;
      if (missing.includes(path)) return [];
      if (loginOnly && !LOGIN_MUTATIONS.includes(field.name.value)) return [];
      const group = nested[path];
      if (group === undefined) return [this.#field(typeName, field, path)];
      const groupType = `${typeName}${capital(group)}`;
      const inside = print(this.#field(groupType, field, path));
      groups.set(group, [...groups.get(group) ?? [], inside]);
      return [];
    });
    const grouped = [...groups].map(([group, inside]) => {
      const groupType = `${typeName}${capital(group)}`;
      this.#added.set(groupType, `type ${groupType} { ${inside.join(" ")} }`);
      this.resolvers.set(`${typeName}.${group}`, (source) => source);
      return `${group}: ${groupType}`;
    });
    if (grouped.length === 0) return { ...type, fields };
    const [more] = parse(`type X { ${grouped.join(" ")} }`).definitions;
    const extra = more?.kind === Kind.OBJECT_TYPE_DEFINITION ? more.fields ?? [] : [];
    return { ...type, fields: [...fields, ...extra] };
  }

  #field(typeName: string, field: FieldDefinitionNode, path: string): FieldDefinitionNode {
    const { renamed, nulls, wrapped, connections, rich } = this.#variants;
    const original = field.name.value;
    const name = renamed[path] ?? original;
    const isConnection = connections.includes(path);
    const wrapper = wrapped[path];
    const { args, restore } = this.#arguments(path, field, isConnection);
    const find = nulls.includes(path) ? () => null : resolverOf(original);
    this.resolvers.set(`${typeName}.${name}`, (source, given, context, info) => {
      const value = find(source, restore(given), context, info);
      const shaped = isConnection
        ? connectionOf(value)
        : rich[path] === undefined
        ? value
        : toRich(rich[path], value);
      return wrapper === undefined || shaped === null || shaped === undefined
        ? shaped
        : { [wrapper]: shaped };
    });
    let type = print(field.type);
    if (isConnection) type = this.#connection(type);
    if (rich[path] !== undefined) type = this.#rich(rich[path], "output");
    if (wrapper !== undefined) {
      const payload = `${capital(original)}Payload`;
      this.#added.set(payload, `type ${payload} { ${wrapper}: ${type} }`);
      type = payload;
    }
    const [made] =
      parse(`type X { ${name}${args === "" ? "" : `(${args})`}: ${type} }`).definitions;
    const shaped = made?.kind === Kind.OBJECT_TYPE_DEFINITION ? made.fields?.[0] : undefined;
    return shaped ?? field;
  }

  #arguments(
    path: string,
    field: FieldDefinitionNode,
    isConnection: boolean,
  ): { readonly args: string; readonly restore: (given: Arguments) => Arguments } {
    const { missing, renamed, inputs, extraArguments, rich } = this.#variants;
    const originals = new Map<string, string>();
    const kept = (field.arguments ?? [])
      .filter(({ name }) => !missing.includes(`${path}(${name.value})`))
      .map((argument: InputValueDefinitionNode) => {
        const original = argument.name.value;
        const paged = isConnection && original === "cursor" ? "before" : original;
        const name = renamed[`${path}(${original})`] ?? paged;
        originals.set(name, original);
        const form = rich[`${path}(${original})`];
        const type = form === undefined ? print(argument.type) : `${this.#rich(form, "input")}!`;
        return `${name}: ${type}`;
      });
    if (isConnection) kept.push("last: Int", "first: Int", "after: String");
    const extra = extraArguments[path] ?? [];
    for (const { type, values } of extra) {
      const bare = type.replace(/\W/g, "");
      if (values !== undefined) this.#added.set(bare, `enum ${bare} { ${values.join(" ")} }`);
    }
    const inline = extra.filter(({ how }) => how === "inline").map(({ name, type }) =>
      `${name}: ${type}`
    );
    kept.push(
      ...extra.filter(({ how }) => how === "variable").map(({ name, type }) => `${name}: ${type}`),
    );
    const rename = (given: Arguments): Arguments =>
      Object.fromEntries(
        Object.entries(given).map(([name, value]) => {
          const original = originals.get(name) ?? name;
          const form = rich[`${path}(${original})`];
          return [original, form === undefined ? value : fromRich(form, value)];
        }),
      );
    if (!inputs.includes(path)) return { args: [...kept, ...inline].join(", "), restore: rename };
    const input = `${capital(field.name.value)}Input`;
    this.#added.set(input, `input ${input} { ${kept.join(" ")} }`);
    return {
      args: [`input: ${input}!`, ...inline].join(", "),
      restore: ({ input }) =>
        rename(typeof input === "object" && input !== null ? { ...input } : {}),
    };
  }

  #rich(form: RichForm, way: "input" | "output"): string {
    const { type, definition } = RICH_TYPES[form][way];
    if (definition !== "") this.#added.set(type, definition);
    return type;
  }

  #connection(type: string): string {
    this.#added.set("PageInfo", PAGE_INFO);
    const held = type === "ChatArchive" ? "Message" : type.replace(/\W/g, "");
    this.#added.set(`${held}Edge`, `type ${held}Edge { cursor: String node: ${held} }`);
    this.#added.set(
      `${held}Connection`,
      `type ${held}Connection { edges: [${held}Edge] pageInfo: PageInfo! }`,
    );
    return `${held}Connection`;
  }
}

const PAGE_INFO =
  "type PageInfo { startCursor: String endCursor: String hasPreviousPage: Boolean! hasNextPage: Boolean! }";

function connectionOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { results, backCursor, forwardCursor } = value as Record<string, unknown>;
  if (!Array.isArray(results)) return value;
  return {
    edges: results.map((node: unknown) => ({ node, cursor: null })),
    pageInfo: {
      startCursor: backCursor,
      endCursor: forwardCursor,
      hasPreviousPage: backCursor !== null,
      hasNextPage: forwardCursor !== null,
    },
  };
}

function capital(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}
