import { describeErrors, type GraphqlError } from "../protocol/graphql_error.ts";
import { type Plan, type Value, type Values, variablesOf } from "../protocol/plan.ts";
import {
  type KosmiProtocol,
  OPERATION_NAMES,
  type OperationName,
  type OperationSpec,
  type Shape,
  type ShapeName,
} from "../protocol/protocol.ts";
import { Mending, readValidationError } from "../protocol/repair.ts";
import { findShape, type Places } from "../protocol/roles.ts";
import {
  INTROSPECTION,
  mergeSchemas,
  planFromSchema,
  readSchema,
  type Schema,
} from "../protocol/schema.ts";
import type { KosmiLink, OperationAnswer } from "./link.ts";

/** How one operation stands against the server. */
export interface OperationFinding {
  readonly name: OperationName;
  readonly title: string;
  /** Null: the server's answer told neither way; `said` is that answer. */
  readonly drift: Drift | null;
  readonly said: string;
}

interface SchemaFinding {
  /** How it was found out: the server showed its schema, or said what is wrong with our documents. */
  readonly by: "schema" | "answers";
  readonly operations: readonly OperationFinding[];
}

/** No server has this field, so that a document with it is validated and never carried out. */
const NO_FIELD = "kosmiRelayDoctorChecksOnly";
const MOST_ROUNDS = 25;

/** Should a server carry a document out all the same, it must meet no room. */
const NOWHERE: Values = {
  room: "kosmi-relay-doctor-no-room",
  channel: "general",
  body: "",
  replyTo: "0",
  message: "0",
  cursor: "0",
};

/**
 * Checks every operation against the server without carrying out any: by what the socket and HTTP (`overHttp`) show of the schema together, else
 * by the socket's answers. Rejects when the link ends.
 */
export async function probeSchema(
  link: KosmiLink,
  protocol: KosmiProtocol,
  overHttp: Schema | null,
): Promise<SchemaFinding> {
  const shown = await introspect(link, protocol);
  if (shown !== null) {
    const schema = overHttp === null ? shown : mergeSchemas(shown, overHttp);
    const operations = OPERATION_NAMES.map((name) => bySchema(name, protocol, schema));
    return { by: "schema", operations };
  }
  const operations: OperationFinding[] = [];
  for (const name of OPERATION_NAMES) {
    // HTTP alone may show only a part: it proves nothing to be gone.
    const seen = overHttp === null ? null : bySchema(name, protocol, overHttp);
    operations.push(
      seen?.drift?.missing.length === 0 ? seen : await byAnswers(link, protocol, name),
    );
  }
  return { by: "answers", operations };
}

async function introspect(link: KosmiLink, protocol: KosmiProtocol): Promise<Schema | null> {
  const request = { title: "RelaySchema", text: INTROSPECTION, variables: {} };
  try {
    return readSchema((await link.request(request, protocol.limits.operationTimeoutMs)).data);
  } catch (thrown) {
    if (link.signal.aborted) throw thrown;
    return null;
  }
}

function bySchema(name: OperationName, protocol: KosmiProtocol, schema: Schema): OperationFinding {
  const spec = protocol.operations[name];
  const made = planFromSchema(protocol, spec, schema);
  const drift = made.plan === null
    ? { changes: [], missing: made.missing }
    : driftOf(protocol, spec, made.plan);
  return { name, title: spec.title, drift, said: "" };
}

async function byAnswers(
  link: KosmiLink,
  protocol: KosmiProtocol,
  name: OperationName,
): Promise<OperationFinding> {
  const spec = protocol.operations[name];
  const mending = new Mending(protocol, spec);
  const found = (drift: Drift | null, said = "") => ({ name, title: spec.title, drift, said });
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const document = mending.document(valuesOf(spec));
    if (document.missing.length > 0) return found({ changes: [], missing: document.missing });
    const text = document.text.replace(/\}\s*$/, `  ${NO_FIELD}\n}`);
    const variables = variablesOf(document.plan, valuesOf(spec));
    let answer: OperationAnswer;
    try {
      const request = { title: spec.title, text, variables };
      answer = await link.request(request, protocol.limits.operationTimeoutMs);
    } catch (thrown) {
      if (link.signal.aborted) throw thrown;
      return found(null, "no answer");
    }
    const errors = answer.errors.filter((error) => !isOurs(error));
    const faults = errors.filter((error) => readValidationError(error.message) !== null);
    if (answer.errors.length === errors.length && faults.length === 0) {
      return found(null, describeErrors(errors) || "an answer to a document that is not valid");
    }
    if (faults.length === 0) return found(driftOf(protocol, spec, document.plan));
    if (mending.learn(faults, document) === null) return found(null, describeErrors(faults));
  }
  return found(null, "its document is not accepted");
}

function valuesOf(spec: OperationSpec): Values {
  return Object.fromEntries(
    Object.keys(spec.arguments).map((key) => [key, key in NOWHERE ? NOWHERE[key] : undefined]),
  );
}

function isOurs(error: GraphqlError): boolean {
  return error.message.includes(NO_FIELD);
}

/** What differs between an operation as we know it and as the server has it. Each difference is a phrase for people. */
interface Drift {
  /** Found under another name, or dropped: the relay goes on. */
  readonly changes: readonly string[];
  /** Without these the operation is of no use. */
  readonly missing: readonly string[];
}

/** Compares how an operation is said to the server (by its schema, by its answers or by the app) with the specification. */
export function driftOf(protocol: KosmiProtocol, spec: OperationSpec, plan: Plan): Drift {
  const drift = { changes: [] as string[], missing: [] as string[] };
  const [known = ""] = spec.names;
  if (plan.field !== known) drift.changes.push(`${spec.kind} ${known} is ${plan.field} now`);
  compareArguments(spec, plan, drift);
  if (plan.fields === null || plan.fields.length === 0) return drift;
  const found = findShape(protocol, spec.shape, plan.fields);
  if (found !== null && found.path.length > 0) {
    drift.changes.push(`what it yields is in ${found.path.join(".")} now`);
  }
  compareRoles(protocol, spec.shape, found?.places ?? {}, [], drift);
  return drift;
}

interface Differences {
  readonly changes: string[];
  readonly missing: string[];
}

function compareArguments(spec: OperationSpec, plan: Plan, drift: Differences): void {
  const paths = new Map<string, string>();
  const note = (path: string, value: Value): void => {
    if ("role" in value) paths.set(value.role, path);
    else if ("object" in value) {
      for (const [key, inner] of Object.entries(value.object)) note(`${path}.${key}`, inner);
    } else drift.changes.push(`argument ${path} is new`);
  };
  for (const { name, value } of plan.variables) note(name, value);
  for (const [role, { names, need }] of Object.entries(spec.arguments)) {
    const [known = ""] = names;
    const now = paths.get(role);
    if (need === "offered" || now === known) continue;
    if (now !== undefined) drift.changes.push(`argument ${known} is ${now} now`);
    else (need === "required" ? drift.missing : drift.changes).push(`argument ${known} is gone`);
  }
}

function compareRoles(
  protocol: KosmiProtocol,
  shape: ShapeName,
  places: Places,
  above: readonly string[],
  drift: Differences,
): void {
  const specs: Shape = protocol.shapes[shape];
  for (const [role, spec] of Object.entries(specs)) {
    if (spec.need === "offered") continue;
    const [place] = places[role] ?? [];
    const [known = ""] = spec.names;
    const shown = above.length === 0 ? "" : ` of ${above.join(".")}`;
    if (place === undefined) {
      const phrase = `field ${known}${shown} is gone`;
      (spec.need === "required" ? drift.missing : drift.changes).push(phrase);
      continue;
    }
    const now = place.path.join(".");
    if (now !== known) drift.changes.push(`field ${known}${shown} is ${now} now`);
    if (spec.shape !== undefined && place.places !== undefined) {
      compareRoles(protocol, spec.shape, place.places, [...above, role], drift);
    }
  }
}
