import { askedNames, type Draft } from "../draft.ts";
import type { KosmiProtocol, OperationSpec, Shape } from "../protocol.ts";

/** What differs between an operation as we know it and as the server has it. Each difference is a phrase for people. */
export interface Drift {
  /** Found under another name, or dropped: the relay goes on. */
  readonly changes: readonly string[];
  /** Without these the operation is of no use. */
  readonly missing: readonly string[];
}

/** Compares a draft that fits the server (by its schema or by its answers) with the specification. */
export function driftOf(protocol: KosmiProtocol, spec: OperationSpec, draft: Draft): Drift {
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
