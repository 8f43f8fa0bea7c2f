import {
  type DocumentNode,
  executeSubscriptionEvent,
  executeSync,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  type OperationDefinitionNode,
  parse,
  validateSubscriptionArgs,
} from "graphql";
import {
  type AbsintheError,
  inAbsinthesWords,
  toAbsintheError,
  validateLikeAbsinthe,
  variableError,
} from "./absinthe.ts";
import { buildKosmiSchema, type SchemaScope } from "./schema.ts";
import type { KosmiVariants } from "./variants.ts";

/** A document that was parsed and validated once. */
export type CompiledDocument =
  | { readonly kind: "invalid"; readonly errors: readonly AbsintheError[] }
  | {
    readonly kind: "query" | "mutation" | "subscription";
    readonly document: DocumentNode;
    readonly schema: GraphQLSchema;
    /** Name of the operation as the client wrote it, if any. */
    readonly name: string | null;
    /** Names of the root fields as the client wrote them. */
    readonly fields: readonly string[];
  };

export type RunnableDocument = Exclude<CompiledDocument, { kind: "invalid" }>;

/** `data` is there when the operation ran, even when a resolver failed; without it the request was refused. */
export interface OperationResult {
  readonly data?: unknown;
  readonly errors?: readonly AbsintheError[];
}

/** Renders one event for one subscription: the payload of a `next` frame. */
export type EventRenderer = (root: Record<string, unknown>) => OperationResult;

const CACHED_DOCUMENTS = 500;

/** Compiles documents against one schema, and remembers them: benches send the same few a million times. */
export class Documents {
  readonly #schema: GraphQLSchema;
  readonly #variants: KosmiVariants;
  readonly #cache = new Map<string, CompiledDocument>();

  constructor(variants: KosmiVariants, scope: SchemaScope) {
    this.#variants = variants;
    this.#schema = buildKosmiSchema(variants, scope);
  }

  compile(text: string): CompiledDocument {
    const known = this.#cache.get(text);
    if (known !== undefined) return known;
    const compiled = this.#compile(text);
    if (this.#cache.size >= CACHED_DOCUMENTS) this.#cache.clear();
    this.#cache.set(text, compiled);
    return compiled;
  }

  #compile(text: string): CompiledDocument {
    let document: DocumentNode;
    try {
      document = parse(text);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      const message = inAbsinthesWords(error.message) ?? error.message;
      return { kind: "invalid", errors: [toAbsintheError(error, message)] };
    }
    const operations = document.definitions.filter((node) =>
      node.kind === Kind.OPERATION_DEFINITION
    );
    const [operation] = operations;
    // operationName is ignored by the server, so that it never helps here.
    if (operation === undefined || operations.length > 1) {
      const message = "Must provide a valid operation name if query contains multiple operations.";
      return { kind: "invalid", errors: [{ message }] };
    }
    const errors = validateLikeAbsinthe(this.#schema, document, {
      introspection: this.#variants.introspection === "on",
      suggestions: this.#variants.suggestions,
    });
    if (errors.length > 0) return { kind: "invalid", errors };
    return {
      kind: operation.operation,
      document,
      schema: this.#schema,
      name: operation.name?.value ?? null,
      fields: rootFields(operation),
    };
  }
}

function rootFields(operation: OperationDefinitionNode): string[] {
  return operation.selectionSet.selections.flatMap((selection) =>
    selection.kind === Kind.FIELD ? [selection.name.value] : []
  );
}

/** Runs a query or mutation. */
export function runOperation(
  compiled: RunnableDocument,
  variableValues: Record<string, unknown>,
  rootValue: object,
  contextValue: unknown,
): OperationResult {
  const { schema, document } = compiled;
  const result = executeSync({ schema, document, variableValues, rootValue, contextValue });
  return inAbsinthesForm(result.data, result.errors);
}

/**
 * Prepares a subscription: `arguments` are those of its root field, read by a run that only looks; `render` makes the
 * payload of one event.
 */
export function prepareSubscription(
  compiled: RunnableDocument,
  variableValues: Record<string, unknown>,
): { errors: readonly AbsintheError[] } | {
  field: string;
  args: Record<string, unknown>;
  render: EventRenderer;
} {
  const { schema, document } = compiled;
  const prepared = validateSubscriptionArgs({ schema, document, variableValues });
  if (!("schema" in prepared)) {
    return { errors: prepared.map((error) => variableError(error) ?? toAbsintheError(error)) };
  }
  const seen: { field: string; args: Record<string, unknown> }[] = [];
  const spy = new Proxy({}, {
    get: (_target, field) => (args: Record<string, unknown>) => {
      seen.push({ field: String(field), args });
      return null;
    },
  });
  const trial = executeSubscriptionEvent({ ...prepared, rootValue: spy });
  const failed = "errors" in trial ? trial.errors?.map((error) => variableError(error)) : undefined;
  const errors = failed?.filter((error) => error !== null) ?? [];
  const first = seen[0];
  if (errors.length > 0 || first === undefined) return { errors };
  return {
    ...first,
    render: (root) => {
      const result = executeSubscriptionEvent({ ...prepared, rootValue: root });
      return "data" in result ? inAbsinthesForm(result.data, result.errors) : {};
    },
  };
}

function inAbsinthesForm(
  data: unknown,
  errors: readonly GraphQLError[] | undefined,
): OperationResult {
  if (errors === undefined || errors.length === 0) return { data };
  const refused = errors.flatMap((error) => variableError(error) ?? []);
  if (refused.length > 0) return { errors: refused };
  const ran = errors.map((error) => toAbsintheError(error));
  return data === undefined || data === null ? { errors: ran } : { data, errors: ran };
}
