import {
  askedNames,
  buildDocument,
  type Draft,
  newDraft,
  type Variables,
} from "../protocol/document.ts";
import { describeErrors, type GraphqlError } from "../protocol/graphql_error.ts";
import {
  type KosmiProtocol,
  OPERATION_NAMES,
  type OperationName,
  type OperationSpec,
  type Shape,
} from "../protocol/protocol.ts";
import { readValidationError, repairDraft } from "../protocol/repair.ts";
import { draftFromSchema, INTROSPECTION, readSchema, type Schema } from "../protocol/schema.ts";
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
const NOWHERE: Variables = {
  room: "kosmi-relay-doctor-no-room",
  channel: "general",
  body: "",
  replyTo: "0",
  message: "0",
  cursor: "0",
};

/** Checks every operation against the server without carrying out any. Rejects when the link ends. */
export async function probeSchema(
  link: KosmiLink,
  protocol: KosmiProtocol,
): Promise<SchemaFinding> {
  const schema = await introspect(link, protocol);
  if (schema !== null) {
    const operations = OPERATION_NAMES.map((name) => bySchema(name, protocol, schema));
    return { by: "schema", operations };
  }
  const operations: OperationFinding[] = [];
  for (const name of OPERATION_NAMES) operations.push(await byAnswers(link, protocol, name));
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
  const draft = draftFromSchema(protocol, spec, schema);
  const drift = draft === null
    ? { changes: [], missing: [`${spec.kind} ${spec.names.join("/")}`] }
    : driftOf(protocol, spec, draft);
  return { name, title: spec.title, drift, said: "" };
}

async function byAnswers(
  link: KosmiLink,
  protocol: KosmiProtocol,
  name: OperationName,
): Promise<OperationFinding> {
  const spec = protocol.operations[name];
  const draft = newDraft(spec);
  const found = (drift: Drift | null, said = "") => ({ name, title: spec.title, drift, said });
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const document = buildDocument(protocol, spec, draft, valuesOf(spec));
    const text = document.text.replace(/\}\s*$/, `  ${NO_FIELD}\n}`);
    const request = { title: spec.title, text, variables: document.variables };
    let answer: OperationAnswer;
    try {
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
    if (faults.length === 0) return found(driftOf(protocol, spec, draft));
    const repair = repairDraft({ protocol, spec, draft, document }, faults);
    if (repair.missing.length > 0) return found({ changes: [], missing: repair.missing });
    if (!repair.changed) return found(null, describeErrors(faults));
  }
  return found(null, "its document is not accepted");
}

function valuesOf(spec: OperationSpec): Variables {
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

/** Compares a draft that fits the server (by its schema or by its answers) with the specification. */
function driftOf(protocol: KosmiProtocol, spec: OperationSpec, draft: Draft): Drift {
  const found = { changes: [] as string[], missing: [] as string[] };
  const root = draft.roots[0];
  const known = spec.names[0];
  if (root === undefined) {
    return { changes: [], missing: [`${spec.kind} ${spec.names.join("/")}`] };
  }
  if (root !== known) found.changes.push(`${spec.kind} ${known} is ${root} now`);
  compareArguments(spec, draft, found);
  if (!draft.leaves.has(`=${root}`)) {
    compareFields(protocol, draft, { shape: spec.shape, path: "", required: true }, found);
  }
  return found;
}

interface Found {
  readonly changes: string[];
  readonly missing: string[];
}

function compareArguments(spec: OperationSpec, draft: Draft, found: Found): void {
  for (const [key, argument] of Object.entries(spec.arguments)) {
    if (argument.need === "offered") continue;
    const name = (draft.args.get(key) ?? argument.names)[0];
    const known = argument.names[0];
    if (name === undefined) {
      const phrase = `argument ${known} is gone`;
      (argument.need === "required" ? found.missing : found.changes).push(phrase);
    } else if (name !== known) {
      found.changes.push(`argument ${known} is ${name} now`);
    }
  }
}

function compareFields(
  protocol: KosmiProtocol,
  draft: Draft,
  at: {
    readonly shape: keyof KosmiProtocol["shapes"];
    readonly path: string;
    readonly required: boolean;
  },
  found: Found,
): void {
  const shape: Shape = protocol.shapes[at.shape];
  for (const [key, spec] of Object.entries(shape)) {
    if (spec.need === "offered") continue;
    const path = at.path === "" ? key : `${at.path}/${key}`;
    const name = askedNames(draft, path, spec)[0];
    const shown = at.path === "" ? "" : ` of ${at.path.replaceAll("/", ".")}`;
    if (name === undefined) {
      const isFatal = spec.need === "required" && at.required;
      const phrase = `field ${spec.names[0]}${shown} is gone`;
      (isFatal ? found.missing : found.changes).push(phrase);
      continue;
    }
    if (name !== spec.names[0]) {
      found.changes.push(`field ${spec.names[0]}${shown} is ${name} now`);
    }
    if (spec.shape === undefined || draft.leaves.has(`${path}=${name}`)) continue;
    const required = at.required && spec.need === "required";
    compareFields(protocol, draft, { shape: spec.shape, path, required }, found);
  }
}
