import {
  buildASTSchema,
  type DocumentNode,
  type FieldDefinitionNode,
  type GraphQLFieldResolver,
  GraphQLFloat,
  GraphQLID,
  GraphQLInt,
  GraphQLSchema,
  isObjectType,
  Kind,
  type ObjectTypeDefinitionNode,
  parse,
} from "graphql";
import { LOGIN_MUTATIONS, schemaText } from "./schema_text.ts";
import type { KosmiVariants } from "./variants.ts";

export type SchemaScope = "http" | "socket";

/**
 * The schema with the variants' fields and arguments taken away or renamed. Resolvers are told the original field name, so
 * that a renamed field still finds its value.
 */
export function buildKosmiSchema(variants: KosmiVariants, scope: SchemaScope): GraphQLSchema {
  const originals = new Map<string, string>();
  const document = reshape(parse(schemaText(variants)), variants, scope, originals);
  const built = buildASTSchema(document).toConfig();
  // Absinthe has these in every schema, used or not.
  const types = new Set([...built.types, GraphQLID, GraphQLInt, GraphQLFloat]);
  const schema = new GraphQLSchema({ ...built, types: [...types] });
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const path = `${type.name}.${field.name}`;
      const original = originals.get(path) ?? path;
      field.resolve = variants.nulls.includes(original)
        ? () => null
        : resolverOf(original.slice(original.indexOf(".") + 1));
    }
  }
  return schema;
}

function resolverOf(name: string): GraphQLFieldResolver<Record<string, unknown>, unknown> {
  return (source, args, context) => {
    const value = source[name];
    return typeof value === "function" ? value.call(source, args, context) : value;
  };
}

function reshape(
  document: DocumentNode,
  variants: KosmiVariants,
  scope: SchemaScope,
  originals: Map<string, string>,
): DocumentNode {
  const definitions = document.definitions
    .map((node) =>
      node.kind === Kind.OBJECT_TYPE_DEFINITION
        ? reshapeType(node, variants, scope, originals)
        : node
    )
    .filter((node) => node.kind !== Kind.OBJECT_TYPE_DEFINITION || node.fields?.length !== 0);
  return { ...document, definitions };
}

function reshapeType(
  type: ObjectTypeDefinitionNode,
  variants: KosmiVariants,
  scope: SchemaScope,
  originals: Map<string, string>,
): ObjectTypeDefinitionNode {
  const loginOnly = scope === "http" && variants.httpSchema === "login-only" &&
    type.name.value === "RootMutationType";
  const fields = (type.fields ?? [])
    .filter((field) => !variants.missing.includes(`${type.name.value}.${field.name.value}`))
    .filter((field) => !loginOnly || LOGIN_MUTATIONS.includes(field.name.value))
    .map((field) => reshapeField(type.name.value, field, variants, originals));
  return { ...type, fields };
}

function reshapeField(
  typeName: string,
  field: FieldDefinitionNode,
  variants: KosmiVariants,
  originals: Map<string, string>,
): FieldDefinitionNode {
  const path = `${typeName}.${field.name.value}`;
  const name = variants.renamed[path] ?? field.name.value;
  originals.set(`${typeName}.${name}`, path);
  const kept = (field.arguments ?? []).filter((argument) =>
    !variants.missing.includes(`${path}(${argument.name.value})`)
  );
  return { ...field, name: { ...field.name, value: name }, arguments: kept };
}
