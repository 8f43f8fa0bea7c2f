import type { OperationSpec } from "./protocol.ts";
import type { Field, Found, Path, Place } from "./roles.ts";

/** What fills a variable: something of ours by its key in the specification, a constant, a fresh id, or an object or list of these. */
export type Value =
  | { readonly role: string }
  | { readonly constant: string | number | boolean | null }
  | { readonly fresh: "id" }
  | { readonly object: Readonly<Record<string, Value>> }
  | { readonly list: readonly Value[] };

export interface PlannedVariable {
  readonly name: string;
  /** As it is written: "String!". */
  readonly type: string;
  readonly value: Value;
}

/** How an operation is said to the server: its root field, what it is given, and what it asks for. */
export interface Plan {
  readonly title: string;
  readonly kind: OperationSpec["kind"];
  readonly field: string;
  /** The key of its value in the answer. */
  readonly root: string;
  /** Arguments of the root field are variables of the same names, where no text is given. */
  readonly variables: readonly PlannedVariable[];
  /** Empty where it yields a plain value; null where nobody knows (a document of the configuration). */
  readonly fields: readonly Field[] | null;
  /** The whole document, where it is not put together from the rest. */
  readonly text?: string;
}

export type Values = Readonly<Record<string, string | boolean | undefined>>;

/** The variables to send; what is not given is left out. */
export function variablesOf(plan: Plan, values: Values): Record<string, unknown> {
  const entries = plan.variables.map(({ name, value }) => [name, filled(value, values)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function filled(value: Value, values: Values): unknown {
  if ("role" in value) return values[value.role];
  if ("constant" in value) return value.constant;
  if ("fresh" in value) return crypto.randomUUID();
  if ("list" in value) {
    const items = value.list.map((item) => filled(item, values));
    return items.includes(undefined) ? undefined : items;
  }
  const entries = Object.entries(value.object)
    .map(([name, inner]) => [name, filled(inner, values)] as const)
    .filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(entries);
}

/** Puts the document together, one field a line. `lines` tells which field stands on which line, from 0. */
export function writeDocument(
  plan: Plan,
  values: Values,
): { readonly text: string; readonly lines: readonly (Field | null)[] } {
  const given = variablesOf(plan, values);
  const used = plan.variables.filter(({ name }) => name in given);
  const definitions = used.map(({ name, type }) => `$${name}: ${type}`).join(", ");
  const passed = used.map(({ name }) => `${name}: $${name}`).join(", ");
  const text: string[] = [];
  const lines: (Field | null)[] = [];
  const write = (line: string, field: Field | null) => {
    text.push(line);
    lines.push(field);
  };
  const brackets = (inside: string) => inside === "" ? "" : `(${inside})`;
  write(`${plan.kind} ${plan.title}${brackets(definitions)} {`, null);
  const root: Field = { key: plan.field, fields: plan.fields ?? [] };
  writeField({ ...root, key: `${plan.field}${brackets(passed)}` }, 1, write);
  lines[1] = root;
  write("}", null);
  return { text: text.join("\n"), lines };
}

function writeField(
  field: Field,
  depth: number,
  write: (line: string, field: Field | null) => void,
): void {
  const indent = "  ".repeat(depth);
  if (field.fields.length === 0) return write(`${indent}${field.key}`, field);
  write(`${indent}${field.key} {`, field);
  for (const inner of field.fields) writeField(inner, depth + 1, write);
  write(`${indent}}`, null);
}

/** Of the fields those that hold a role, and what leads to them. */
export function neededFields(fields: readonly Field[], found: Found): readonly Field[] {
  const paths = Object.values(found.places).flat().flatMap(pathsOf)
    .map((path) => [...found.path, ...path]);
  return onPaths(fields, paths);
}

function pathsOf(place: Place): Path[] {
  if (place.places === undefined) return [place.path];
  return Object.values(place.places).flat().flatMap(pathsOf)
    .map((path) => [...place.path, ...path]);
}

function onPaths(fields: readonly Field[], paths: readonly Path[]): readonly Field[] {
  return fields.flatMap((field) => {
    const through = paths.filter(([first]) => first === field.key);
    if (through.length === 0) return [];
    return [{ ...field, fields: onPaths(field.fields, through.map((path) => path.slice(1))) }];
  });
}

/** In the path of an input: what follows is the one entry of a list. */
export const ITEM = "[]";

/** The type of a list's entries: "[String!]!" -> "String!". */
export function itemType(type: string): string {
  return type.replace(/^\[|\]!?$/g, "");
}

/** A value that an operation takes: an argument, a variable, or a field of an input object. */
export interface Input {
  /** Where it goes: the argument or variable, then fields of input objects; ITEM for the one entry of a list. */
  readonly path: Path;
  /** What it is called where it is used, when that differs from the last of the path. */
  readonly argument?: string;
  readonly type: string;
  readonly required: boolean;
  /** What an enum takes. */
  readonly options?: readonly string[];
  /** What the app itself gives. */
  readonly constant?: string | number | boolean | null;
}

interface MatchedInputs {
  /** By the first step of the path. */
  readonly values: ReadonlyMap<string, Value>;
  /** Required ones for which there is no value. */
  readonly unmet: readonly string[];
  /** Required keys of the specification that nothing takes. */
  readonly untaken: readonly string[];
}

const PAGE_SIZE = 50;
/** What an argument is taken for when nothing else is left that it could be. */
const MAY_BE_LEFT_OVER = ["room", "body"];
const SECRET = /token|secret|passw|captcha|signature|hash|key$/i;

/** Decides what each input is given: by names, by names that resemble them, by what is left over, else by constants. */
export function matchInputs(spec: OperationSpec, inputs: readonly Input[]): MatchedInputs {
  const chosen = new Map<Input, Value>();
  const taken = new Set<string>();
  const choose = (role: string, input: Input | undefined) => {
    if (input === undefined || taken.has(role)) return;
    taken.add(role);
    chosen.set(input, { role });
  };
  const free = (role: string) =>
    inputs.filter((input) => !chosen.has(input) && holds(role, input.type));
  const roles = Object.entries(spec.arguments);
  for (const [role, { names }] of roles) {
    for (const name of names) {
      choose(role, free(role).find((input) => namesOf(input).some((one) => same(one, name))));
    }
  }
  const needed = roles.toSorted(([, a], [, b]) => needRank(a.need) - needRank(b.need));
  for (const [role, { like }] of needed) {
    const pattern = new RegExp(like, "i");
    choose(role, free(role).find((input) => namesOf(input).some((one) => pattern.test(one))));
  }
  const left = needed.filter(([role, { need }]) => need === "required" && !taken.has(role));
  const last = left[0]?.[0];
  if (left.length === 1 && last !== undefined && MAY_BE_LEFT_OVER.includes(last)) {
    const open = free(last).filter((input) =>
      input.required && input.constant === undefined && !SECRET.test(namesOf(input).join(" "))
    );
    const texts = open.filter(({ type }) => /^(string|id|uuid)/i.test(type));
    if (open.length === 1 || texts.length === 1) choose(last, texts[0] ?? open[0]);
  }
  const ours = [...chosen.keys()];
  const open = inputs.filter((input) =>
    !chosen.has(input) && isUsed(input, ours) && !isFilled(input, ours)
  );
  for (const input of open) {
    const value = constantFor(input);
    if (value !== undefined) chosen.set(input, value);
  }
  return {
    values: assembled(chosen),
    unmet: open.filter((input) => input.required && !chosen.has(input))
      .map(({ path }) => path.join(".")),
    untaken: roles.filter(([role, { need }]) => need === "required" && !taken.has(role))
      .map(([, { names }]) => names[0] ?? ""),
  };
}

function namesOf({ path, argument }: Input): readonly string[] {
  return [...argument === undefined ? [] : [argument], nameOf(path)];
}

function nameOf(path: Path): string {
  return path.findLast((step) => step !== ITEM) ?? "";
}

/** What stands in a list's entry is of use where something of ours does; else the list stays empty. */
function isUsed({ path }: Input, ours: readonly Input[]): boolean {
  const at = path.indexOf(ITEM);
  return at < 0 || ours.some((each) => isWithin(each.path, path.slice(0, at + 1)));
}

/** A list of which we fill an entry. */
function isFilled({ path }: Input, ours: readonly Input[]): boolean {
  return ours.some((each) => isWithin(each.path, [...path, ITEM]));
}

function isWithin(path: Path, outer: Path): boolean {
  return outer.every((step, at) => path[at] === step);
}

function needRank(need: string): number {
  return ["required", "wanted", "offered"].indexOf(need);
}

function same(one: string, other: string): boolean {
  return one.toLowerCase().replaceAll("_", "") === other.toLowerCase().replaceAll("_", "");
}

function holds(role: string, type: string): boolean {
  if (/^disconnect/.test(role)) return /^bool|^$/i.test(type);
  return !/^(\[|bool|int\b|float|json|any\b|map\b|object)|Input!?$/i.test(type);
}

function constantFor(input: Input): Value | undefined {
  const { constant, type, required, options, path } = input;
  if (constant !== undefined) return { constant };
  const name = nameOf(path);
  if (/^int/i.test(type) && /first|last|limit|take|count|size|max/i.test(name)) {
    // Who gives both ends of a list at once is refused.
    return required || /last|limit|size/i.test(name) ? { constant: PAGE_SIZE } : undefined;
  }
  if (!required) return undefined;
  if (type.startsWith("[")) return { list: [] };
  if (options !== undefined && options.length > 0) {
    const usual = options.find((option) => /text|message|chat|default|normal|user/i.test(option));
    return { constant: usual ?? options[0] ?? null };
  }
  if (/^bool/i.test(type)) return { constant: false };
  if (/nonce|client|temp|local|request|idempot|uuid|unique|mutation.?id/i.test(name)) {
    return { fresh: "id" };
  }
  return undefined;
}

function assembled(chosen: ReadonlyMap<Input, Value>): ReadonlyMap<string, Value> {
  const values = new Map<string, Value>();
  for (const [{ path }, value] of chosen) {
    const [first = "", ...rest] = path;
    values.set(first, placed(values.get(first), rest, value));
  }
  return values;
}

function placed(around: Value | undefined, path: Path, value: Value): Value {
  const [first, ...rest] = path;
  if (first === undefined) return value;
  if (first === ITEM) {
    const item = around !== undefined && "list" in around ? around.list[0] : undefined;
    return { list: [placed(item, rest, value)] };
  }
  const object = around !== undefined && "object" in around ? around.object : {};
  return { object: { ...object, [first]: placed(object[first], rest, value) } };
}
