import * as v from "valibot";
import { isRecord, property } from "../../../base/json.ts";
import {
  type Input,
  ITEM,
  itemType,
  matchInputs,
  type Plan,
  type Value,
} from "../protocol/plan.ts";
import {
  type KosmiProtocol,
  OPERATION_NAMES,
  type OperationName,
  type OperationSpec,
} from "../protocol/protocol.ts";
import { anonLoginSpec } from "../protocol/operations.ts";
import { type Field, findShape } from "../protocol/roles.ts";
import { isAlike } from "../protocol/schema.ts";
import type { AppOperation, AppVariable } from "./documents.ts";

/** The app's own documents, ready to be sent by us. */
export interface Matched {
  readonly operations: Readonly<Partial<Record<OperationName, Plan>>>;
  readonly anonLogin: Plan | null;
}

/** What the app gives an operation as variables: objects in its code or in its frames that have these keys. */
export type Given = (names: ReadonlySet<string>, needed: readonly string[]) => readonly unknown[];

/** Nothing is read from it: its document would be large for no use. */
const NOT_LEARNED: ReadonlySet<OperationName> = new Set(["roomRoot"]);
const MOST_CANDIDATES = 30;
const SURE = 120;

/** Finds for each of our operations the one of the app that does it: by its title first, then by its root field, what it takes and what it asks for. */
export function matchOperations(
  protocol: KosmiProtocol,
  all: readonly AppOperation[],
  given: Given,
): Matched {
  const operations: Partial<Record<OperationName, Plan>> = {};
  for (const name of OPERATION_NAMES) {
    if (NOT_LEARNED.has(name)) continue;
    const plan = bestPlan(protocol, protocol.operations[name], all, given);
    if (plan !== null) operations[name] = plan;
  }
  return { operations, anonLogin: bestPlan(protocol, anonLoginSpec(protocol), all, given) };
}

function bestPlan(
  protocol: KosmiProtocol,
  spec: OperationSpec,
  all: readonly AppOperation[],
  given: Given,
): Plan | null {
  const ranked = all.filter(({ kind }) => kind === spec.kind)
    .map((operation) => ({ operation, rank: rankOf(spec, operation) }))
    .filter(({ rank }) => rank > 0)
    .toSorted((one, other) => other.rank - one.rank)
    .slice(0, MOST_CANDIDATES);
  let best: { readonly plan: Plan; readonly score: number } | null = null;
  for (const { operation, rank } of ranked) {
    if (best !== null && rank + 40 < best.score) break;
    const found = findShape(protocol, spec.shape, operation.fields);
    // What bears the very title is it, though no name in it says what is what: then the answers show it.
    if (found === null && rank < SURE && asksFor(protocol, spec)) continue;
    const plan = planOf(spec, operation, given);
    const score = rank + Math.min(30, found?.score ?? 0);
    if (plan !== null && (best === null || score > best.score)) best = { plan, score };
  }
  return best?.plan ?? null;
}

function asksFor(protocol: KosmiProtocol, spec: OperationSpec): boolean {
  return Object.values(protocol.shapes[spec.shape]).some(({ need }) => need === "required");
}

/** 0: it is another operation. */
function rankOf(spec: OperationSpec, { title, field }: AppOperation): number {
  const names = [spec.title, ...spec.names].map(bare);
  if (names.includes(bare(title))) return SURE;
  const at = spec.names.map(bare).indexOf(bare(field));
  if (at >= 0) return 100 - at;
  const alike = [title, field].filter((name) => isAlike(spec, name)).length;
  const unlike = new RegExp(spec.unlike, "i");
  return unlike.test(title) || unlike.test(field) ? 0 : alike * 30;
}

/** Without what compilers and versions add. */
function bare(name: string): string {
  return name.toLowerCase().replace(/_/g, "")
    .replace(/((query|mutation|subscription|document|doc|gql)\d*|\d+)+$/, "");
}

/** Null where it can't be given all that it needs. */
function planOf(spec: OperationSpec, operation: AppOperation, given: Given): Plan | null {
  const { title, kind, field, root, text, fields, variables } = operation;
  const made = (inputs: readonly Input[]): Plan | null => {
    const { values, unmet, untaken } = matchInputs(spec, inputs);
    if (unmet.length > 0 || untaken.length > 0) return null;
    const planned = variables.flatMap(({ name, type }) => {
      const value = values.get(name);
      return value === undefined ? [] : [{ name, type, value }];
    });
    return { title, kind, field, root, text, fields: [...fields], variables: planned };
  };
  const plain = made(variables.flatMap(inputsOf));
  // What a text's own type doesn't tell the app's code may.
  if (plain !== null && !variables.some(({ type }) => /json|any|object|scalar/i.test(type))) {
    return plain;
  }
  const names = new Set(variables.map(({ name }) => name));
  const needed = variables.filter(isRequired).map(({ name }) => name);
  for (const object of given(names, needed)) {
    const plan = made(
      variables.flatMap((variable) => inputsFrom(variable, property(object, variable.name))),
    );
    if (plan !== null) return plan;
  }
  return plain ?? made(variables.flatMap((variable) => guessed(spec, variable)));
}

function inputOf({ name, argument, type, hasDefault }: AppVariable): Input {
  return { path: [name], argument, type, required: isRequired({ type, hasDefault }) };
}

/** A variable without regard to what the app fills it with: of a list also its entry. */
function inputsOf(variable: AppVariable): Input[] {
  const input = inputOf(variable);
  const { type } = input;
  if (!type.startsWith("[")) return [input];
  return [input, { ...input, path: [...input.path, ITEM], type: itemType(type) }];
}

function isRequired({ type, hasDefault }: Pick<AppVariable, "type" | "hasDefault">): boolean {
  return type.endsWith("!") && !hasDefault;
}

/** A variable as the app fills it: an object has inputs of its own, a constant is one for us too. */
function inputsFrom(variable: AppVariable, value: unknown): Input[] {
  if (isRecord(value) || Array.isArray(value)) return inner([variable.name], value, 0);
  const input = inputOf(variable);
  return [isConstant(value) ? { ...input, constant: value } : input];
}

const DEEPEST = 6;

/** What an object of the app takes, or the one entry of a list. */
function inner(path: readonly string[], value: unknown, depth: number): Input[] {
  if (depth < DEEPEST && Array.isArray(value)) {
    return value.length === 0 ? [] : inner([...path, ITEM], value[0], depth + 1);
  }
  if (depth < DEEPEST && isRecord(value)) {
    return Object.entries(value).slice(0, 50)
      .flatMap(([key, each]) => inner([...path, key], each, depth + 1));
  }
  const input: Input = { path, type: "", required: false };
  return [isConstant(value) ? { ...input, constant: value } : input];
}

/** An input object that nobody shows: it is tried with the names that we know. */
function guessed(spec: OperationSpec, variable: AppVariable): Input[] {
  if (!isRequired(variable) || /^(string|id|uuid|int|float|bool|\[)/i.test(variable.type)) {
    return [inputOf(variable)];
  }
  return Object.values(spec.arguments).flatMap(({ names, need, types }) => {
    const [name] = names;
    if (name === undefined || need === "offered") return [];
    return [{ path: [variable.name, name], type: types[0] ?? "", required: false }];
  });
}

function isConstant(value: unknown): value is string | number | boolean {
  return typeof value === "boolean" || typeof value === "number" ||
    typeof value === "string" && value.length <= 100;
}

const FIELD: v.GenericSchema<unknown, Field> = v.pipe(
  v.object({
    key: v.string(),
    name: v.optional(v.string()),
    type: v.optional(v.string()),
    fields: v.lazy(() => v.array(FIELD)),
  }),
  v.transform(({ name, type, ...field }) => ({
    ...field,
    ...(name === undefined ? {} : { name }),
    ...(type === undefined ? {} : { type }),
  })),
);
const VALUE: v.GenericSchema<unknown, Value> = v.union([
  v.object({ role: v.string() }),
  v.object({ constant: v.nullable(v.union([v.string(), v.number(), v.boolean()])) }),
  v.object({ fresh: v.literal("id") }),
  v.object({ object: v.lazy(() => v.record(v.string(), VALUE)) }),
  v.object({ list: v.lazy(() => v.array(VALUE)) }),
]);
const PLAN = v.object({
  title: v.string(),
  kind: v.picklist(["query", "mutation", "subscription"]),
  field: v.string(),
  root: v.string(),
  text: v.pipe(v.string(), v.maxLength(100_000)),
  variables: v.array(v.object({ name: v.string(), type: v.string(), value: VALUE })),
  fields: v.array(FIELD),
});

/** Checks that what a file says is a plan; null when it is none. */
export function readPlan(raw: unknown): Plan | null {
  const read = v.safeParse(PLAN, raw);
  return read.success ? read.output : null;
}
