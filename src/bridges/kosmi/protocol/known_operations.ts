import type { GraphqlError } from "./graphql_error.ts";
import { KOSMI_PROTOCOL } from "./operations.ts";
import { type Plan, type Values, variablesOf, writeDocument } from "./plan.ts";
import type { KosmiProtocol, OperationName, OperationSpec, ShapeName } from "./protocol.ts";
import { type MendedDocument, Mending } from "./repair.ts";
import { fieldsOf, messageIn, readShape } from "./decode.ts";
import { type OwnWords, provenFields } from "./proof.ts";
import { findShape, type Found } from "./roles.ts";
import { mergeSchemas, planFromSchema, type Schema } from "./schema.ts";

/** Where a way to say an operation comes from. */
type Origin = "configuration" | "learned" | "schema" | "built in";

/** An operation as it is said now. */
export interface Statement {
  readonly name: OperationName;
  readonly origin: Origin;
  readonly title: string;
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly plan: Plan;
  readonly found: Found | null;
  /** What the server's errors can mend; null for a document that is taken or left as it is. */
  readonly mending: { readonly of: Mending; readonly document: MendedDocument } | null;
}

/** What was learned of the web app. */
export interface LearnedOperations {
  plan(name: OperationName): Plan | null;
  /** The server doesn't take it, or answers what can't be read. */
  forget(name: OperationName): void;
  /** The app was read and has no such operation: reading it again helps nobody. */
  lacks(name: OperationName): boolean;
}

const NOTHING_LEARNED: LearnedOperations = {
  plan: () => null,
  forget: () => {},
  lacks: () => false,
};

/**
 * How each operation is said: by the configuration, else by the web app's own document, else by the server's schema, else by the
 * documents that are built in, mended by what the server says is wrong with them. Outlives the connection, so that each thing is found out once.
 */
export class KnownOperations {
  readonly protocol: KosmiProtocol;
  readonly #learned: LearnedOperations;
  readonly #mendings = new Map<OperationName, Mending>();
  readonly #found = new WeakMap<Plan, Found | null>();
  /** Null: missing on the server. */
  readonly #fromSchema = new Map<OperationName, Plan | null>();
  /** As much of the server's schema as HTTP showed. */
  #overHttp: Schema | null = null;
  /** Attempts to ask for the schema that are left: it is not asked again where that was refused or hurt. */
  schemaAttempts = 2;

  constructor(protocol: KosmiProtocol, learned: LearnedOperations = NOTHING_LEARNED) {
    this.protocol = protocol;
    this.#learned = learned;
  }

  statement(name: OperationName, values: Values): Statement {
    const spec = this.protocol.operations[name];
    const whole = this.#wholePlan(name, spec);
    if (whole !== null) {
      const { plan, origin } = whole;
      return {
        name,
        origin,
        title: plan.title,
        text: plan.text ?? writeDocument(plan, values).text,
        variables: variablesOf(plan, values),
        plan,
        found: this.#foundIn(plan, spec.shape),
        mending: null,
      };
    }
    const of = this.#mending(name, spec);
    const document = of.document(values);
    const { plan, text } = document;
    const found = this.#foundIn(plan, spec.shape);
    const { title } = spec;
    const variables = variablesOf(plan, values);
    const mending = { of, document };
    return { name, origin: "built in", title, text, variables, plan, found, mending };
  }

  #wholePlan(
    name: OperationName,
    spec: OperationSpec,
  ): { readonly plan: Plan; readonly origin: Origin } | null {
    if (spec.document !== "") return { plan: givenPlan(spec), origin: "configuration" };
    const learned = isConfigured(this.protocol, name) ? null : this.#learned.plan(name);
    if (learned !== null) return { plan: learned, origin: "learned" };
    const plan = this.#fromSchema.get(name) ?? null;
    return plan === null ? null : { plan, origin: "schema" };
  }

  #foundIn(plan: Plan, shape: ShapeName): Found | null {
    const known = this.#found.get(plan);
    if (known !== undefined) return known;
    const found = plan.fields === null ? null : findShape(this.protocol, shape, plan.fields);
    this.#found.set(plan, found);
    return found;
  }

  #mending(name: OperationName, spec: OperationSpec): Mending {
    const known = this.#mendings.get(name) ?? new Mending(this.protocol, spec);
    this.#mendings.set(name, known);
    return known;
  }

  /** The value of an answer under our own names. `own`: what a message of ours would show, where it may be one. */
  read(statement: Statement, value: unknown, own: OwnWords | null = null): unknown {
    const read = this.#read(statement, value);
    if (own === null || own.texts.length === 0) return read;
    const message = messageIn(read);
    // Another's message that cites us is none of ours.
    const isRight = message !== null && message.sender !== null &&
      (!own.userIds.has(message.sender.id) || own.texts.includes(message.text));
    const proven = isRight ? null : provenFields(this.protocol, value, own);
    if (proven === null) return read;
    const found = findShape(this.protocol, this.protocol.operations[statement.name].shape, proven);
    if (found === null) return read;
    this.#found.set(statement.plan, found);
    return readShape(found, value);
  }

  #read(statement: Statement, value: unknown): unknown {
    const { plan, name } = statement;
    const isPlain = plan.fields !== null && plan.fields.length === 0;
    const known = this.#found.get(plan) ?? statement.found;
    if (isPlain || known !== undefined && known !== null) return readShape(known ?? null, value);
    // No name told where the roles are: what came may, by its types.
    const { shape } = this.protocol.operations[name];
    const seen = findShape(this.protocol, shape, fieldsOf(value));
    if (seen !== null) this.#found.set(plan, seen);
    return readShape(seen, value);
  }

  /** True when the schema or the app was seen and has it, false when the schema has it not, null when nobody knows. */
  offers(name: OperationName): boolean | null {
    if (this.#learned.plan(name) !== null) return true;
    const plan = this.#fromSchema.get(name);
    return plan === undefined ? null : plan !== null;
  }

  /** Over HTTP a server may show less than it has: what is not in it is not known to be missing. */
  learnSchema(schema: Schema, by: "socket" | "http"): void {
    if (by === "http") this.#overHttp = schema;
    else this.#mendings.clear();
    const whole = by === "socket" && this.#overHttp !== null
      ? mergeSchemas(schema, this.#overHttp)
      : schema;
    for (const [name, spec] of entriesOf(this.protocol.operations)) {
      const { plan } = planFromSchema(this.protocol, spec, whole);
      if (by === "socket" || plan !== null) this.#fromSchema.set(name, plan);
    }
  }

  /**
   * The server does not take the statement: the next one is another. Names what it no longer has when there is no other;
   * then the operation starts anew the next time.
   */
  refused(
    statement: Statement,
    errors: readonly GraphqlError[],
  ): { readonly missing: readonly string[]; readonly notes: readonly string[] } {
    const { name, origin, mending } = statement;
    if (mending === null) {
      if (origin === "configuration") return { missing: ["what its document asks for"], notes: [] };
      if (origin === "learned") this.#learned.forget(name);
      else this.#fromSchema.delete(name);
      return { missing: [], notes: [`its ${origin} document is not taken`] };
    }
    // Something better came meanwhile: these errors speak of what is no longer asked.
    if (this.#mendings.get(name) !== mending.of) return { missing: [], notes: [] };
    const notes = mending.of.learn(errors, mending.document);
    const { missing } = notes === null
      ? { missing: ["what its document asks for"] }
      : mending.of.document({});
    if (missing.length > 0) this.#mendings.delete(name);
    return { missing, notes: notes ?? [] };
  }

  /** An answer to it can't be read: what led to it is not asked again. */
  unreadable(name: OperationName): void {
    if (this.#learned.plan(name) !== null) this.#learned.forget(name);
    this.#fromSchema.delete(name);
    this.#mendings.delete(name);
  }

  /** Whether the web app may tell how the operation is said. */
  isLearnable(name: OperationName): boolean {
    return !this.#learned.lacks(name) && !isConfigured(this.protocol, name);
  }
}

/** Whether the configuration says anything of an operation: then what it says counts, and not what was learned. */
export function isConfigured(protocol: KosmiProtocol, name: OperationName): boolean {
  const spec = protocol.operations[name];
  if (spec !== KOSMI_PROTOCOL.operations[name]) return true;
  // The app's own document need not have the argument.
  if (name === "joinRoom" && protocol.disconnectOtherConnections) return true;
  const seen = new Set<ShapeName>();
  const differs = (shape: ShapeName): boolean => {
    if (seen.has(shape)) return false;
    seen.add(shape);
    if (protocol.shapes[shape] !== KOSMI_PROTOCOL.shapes[shape]) return true;
    return Object.values(protocol.shapes[shape])
      .some((field) => field.shape !== undefined && differs(field.shape));
  };
  return differs(spec.shape);
}

function entriesOf(
  operations: KosmiProtocol["operations"],
): (readonly [OperationName, OperationSpec])[] {
  // Object.entries widens the keys; the record has exactly these.
  return Object.entries(operations) as [OperationName, OperationSpec][];
}

/** A document of the configuration, as it stands there; its variables keep our names. */
function givenPlan(spec: OperationSpec): Plan {
  const variables = Object.entries(spec.arguments).flatMap(([role, { names, types }]) => {
    const name = names.find((each) => new RegExp(`\\$${each}\\b`).test(spec.document));
    return name === undefined ? [] : [{ name, type: types[0] ?? "", value: { role } }];
  });
  const { title, kind, document } = spec;
  const root = spec.names[0] ?? "";
  return { title, kind, field: root, root, variables, fields: null, text: document };
}
