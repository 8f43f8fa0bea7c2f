import type { FieldSpec, KosmiProtocol, Shape, ShapeName } from "./protocol.ts";

/** A field of an answer, as a document, a schema or an answer itself shows it. */
export interface Field {
  /** Under which the answer has it. */
  readonly key: string;
  /** The schema's name; missing where it is the key. */
  readonly name?: string;
  /** Name of its type where that is known: of the schema, or by the value ("ID", "String", "Number", "Boolean"). */
  readonly type?: string;
  /** Empty for a plain value. */
  readonly fields: readonly Field[];
}

export type Path = readonly string[];

/** Where a role stands, seen from the object that holds it. */
export interface Place {
  readonly path: Path;
  /** For an object with roles of its own. */
  readonly places?: Places;
}

/** Where each role of a shape stands in an answer, the likeliest place first. */
export type Places = Readonly<Record<string, readonly Place[]>>;

/** Where an object of a shape lies in an answer, and where in it the roles are. */
export interface Found {
  readonly path: Path;
  readonly places: Places;
  /** How well names and types fit. */
  readonly score: number;
  /** The objects themselves are the list of this role: there is none around them. */
  readonly list?: string;
}

/** Objects that only group fields of the one that holds them. */
const WRAPPER = /profile|info|details?$|identity|persona|card|meta|public|attributes|data$/i;
/** What lies below these belongs to somebody or something else. */
const ELSEWHERE =
  /react|repl(y|ied)|parent|mention|reader|seen|edit|delet|room|channel|realm|attach|quot|embed|previous|refer/i;
/** What no text of a message is called. */
const NO_TEXT =
  /^__|id$|^(is|has|can)[A-Z_]|at$|time|date|count|type|kind|status|state|colou?r|url|role|rank|level|name|nick|emoji|avatar|channel|room|edited|deleted|cursor|version|lang/i;
const NO_TEXT_TYPE = /^(boolean|int|float|number|id|uuid)$|time|date/i;
/** What a role may be told by when its name tells nothing: the only value of such a type. */
const BY_TYPE: Readonly<Record<string, RegExp>> = {
  id: /^(id|uuid)$/i,
  time: /^number$|time|date/i,
  displayName: /^string$/i,
  isAnonymous: /^boolean$/i,
};
const DEEPEST = 6;
/** The score of what no name speaks for. */
const LEFT_OVER = 2;

/**
 * Finds the object that a shape describes in the fields of an answer (`at` the root field's value, or below it), and where in it each role is: by
 * known names, then by names that resemble them, by type and by position. Null when a required role is nowhere.
 */
export function findShape(
  protocol: KosmiProtocol,
  shape: ShapeName,
  fields: readonly Field[],
): Found | null {
  let best: Found | null = null;
  // Where nothing is required nothing proves an object to be it: then the outermost is likeliest.
  const specs: Shape = protocol.shapes[shape];
  const step = Object.values(specs).some(({ need }) => need === "required") ? 1 : 12;
  for (const { path, fields: inner } of objectsIn(fields)) {
    const found = placesIn(protocol, shape, inner);
    if (found === null) continue;
    const foreign = path.some((key) => ELSEWHERE.test(key)) ? 20 : 0;
    const score = found.score - path.length * step - foreign;
    if (best === null || score > best.score) best = { path, places: found.places, score };
  }
  const listed = shape === "archive" ? protocol.shapes.archive["results"]?.shape : undefined;
  if (best !== null || listed === undefined) return best;
  const bare = findShape(protocol, listed, fields);
  return bare === null ? null : { ...bare, list: "results" };
}

interface Inner {
  readonly path: Path;
  readonly fields: readonly Field[];
}

/** The object itself and all objects in it, outermost first. */
function objectsIn(fields: readonly Field[], deepest = DEEPEST): Inner[] {
  const all: Inner[] = [{ path: [], fields }];
  for (let next = 0; next < all.length && all.length < 500; next++) {
    const { path, fields: here } = all[next] as Inner;
    if (path.length >= deepest) continue;
    for (const field of here) {
      if (field.fields.length > 0) all.push({ path: [...path, field.key], fields: field.fields });
    }
  }
  return all;
}

/** The roles of a shape in one object; null when a required one is missing. */
function placesIn(
  protocol: KosmiProtocol,
  shape: ShapeName,
  fields: readonly Field[],
): { readonly places: Places; readonly score: number } | null {
  const specs: Shape = protocol.shapes[shape];
  const places: Record<string, readonly Place[]> = {};
  const taken = new Set<Field>();
  let score = 0;
  // Objects first: what lies in them is not the holder's own. Of the plain values the text last: what is left may be it.
  const order = Object.entries(specs).toSorted(([one, a], [other, b]) =>
    rankOf(one, a) - rankOf(other, b)
  );
  for (const [role, spec] of order) {
    const hit = spec.shape === undefined
      ? plainPlaces(specs, role, spec, fields, taken)
      : objectPlaces(protocol, role, spec, fields);
    // What is merely left over is a text where the rest speaks for a message: a member has a role, and no time.
    const isLeftOver = hit.score === LEFT_OVER && places["time"] === undefined;
    if (hit.places.length > 0 && !isLeftOver) {
      places[role] = hit.places;
      score += hit.score * (spec.need === "required" ? 2 : 1);
    } else if (spec.need === "required") return null;
  }
  return Object.keys(places).length === 0 ? null : { places, score };
}

function rankOf(role: string, spec: FieldSpec): number {
  return spec.shape !== undefined ? 0 : role === "text" ? 2 : 1;
}

interface Hit {
  readonly places: readonly Place[];
  readonly score: number;
}
const NOTHING: Hit = { places: [], score: 0 };

function plainPlaces(
  specs: Shape,
  role: string,
  spec: FieldSpec,
  fields: readonly Field[],
  taken: Set<Field>,
): Hit {
  const own = fields.filter((field) => !taken.has(field) && suits(role, field));
  const take = (found: readonly Field[], score: number, inside: Path = []): Hit => {
    for (const field of found) taken.add(field);
    return { places: found.map((field) => ({ path: [...inside, field.key] })), score };
  };
  const named = byNames(spec.names, own);
  const plain = named.filter((field) => field.fields.length === 0);
  if (plain.length > 0) return take(plain, 10);
  for (const field of named) {
    const inside = valueIn(spec, role, field.fields);
    if (inside !== null) return take([inside.leaf], 7, [field.key, ...inside.path]);
  }
  const leaves = own.filter((field) => field.fields.length === 0 && !isOthers(specs, role, field));
  const alike = leaves.filter((field) => resembles(spec, field));
  if (alike.length > 0) return take(alike.slice(0, 3), 5);
  for (const field of fields) {
    if (field.fields.length === 0 || !isWrapper(field, role)) continue;
    const inner = field.fields.filter((each) => each.fields.length === 0 && suits(role, each));
    const named = byNames(spec.names, inner);
    const found = named.length > 0 ? named : inner.filter((each) => resembles(spec, each));
    if (found.length > 0) return take(found.slice(0, 1), 6, [field.key]);
  }
  const byType = BY_TYPE[role];
  if (byType !== undefined) {
    const typed = leaves.filter(({ type = "", name, key }) =>
      byType.test(type) && (role !== "displayName" || !NO_TEXT.test(name ?? key))
    );
    // Of two names either is one.
    const isTold = typed.length === 1 || role === "displayName" && typed.length === 2;
    return isTold ? take(typed.slice(0, 1), 3) : NOTHING;
  }
  if (role !== "text") return NOTHING;
  const left = leaves.filter((field) => !NO_TEXT.test(field.name ?? field.key));
  return left.length > 0 && left.length <= 4 ? take(left, LEFT_OVER) : NOTHING;
}

/** A plain value inside an object that bears the role's own name: `content { text }`, `body { parts { text } }`. */
function valueIn(
  spec: FieldSpec,
  role: string,
  fields: readonly Field[],
): { readonly path: Path; readonly leaf: Field } | null {
  for (const { path, fields: inner } of objectsIn(fields, 2)) {
    const leaves = inner.filter((field) => field.fields.length === 0 && suits(role, field));
    const leaf = byNames(spec.names, leaves)[0] ?? leaves.find((field) => resembles(spec, field)) ??
      leaves.find((field) => /^(value|raw|plain|source|text|name|insert)/i.test(field.key));
    if (leaf !== undefined) return { path, leaf };
  }
  return null;
}

function objectPlaces(
  protocol: KosmiProtocol,
  role: string,
  spec: FieldSpec,
  fields: readonly Field[],
): Hit {
  const shape = spec.shape as ShapeName;
  const isForeign = spec.names.some((name) => ELSEWHERE.test(name));
  let best: { readonly place: Place; readonly score: number } | null = null;
  for (const { path, fields: inner } of objectsIn(fields, 3)) {
    if (path.length === 0) continue;
    const keys = path.map((key) => nameAt(fields, path, key));
    if (!isForeign && keys.some((key) => ELSEWHERE.test(key))) continue;
    const rank = Math.min(...keys.map((key) => rankIn(spec.names, key)));
    const alike = keys.some((key) => spec.like !== undefined && matches(spec.like, key));
    // A shape that asks for little fits everything: then the name must speak for it.
    const asks = Object.values(protocol.shapes[shape]).filter(({ need }) => need === "required");
    const speaks = rank < Infinity || alike;
    if (!speaks && (spec.need !== "required" || asks.length === 0)) continue;
    const found = placesIn(protocol, shape, inner);
    if (found === null) continue;
    const score = found.score + (rank < Infinity ? 8 - Math.min(rank, 6) / 2 : alike ? 4 : 0) -
      path.length - (WRAPPER.test(keys.at(-1) ?? "") ? 6 : 0);
    if (best === null || score > best.score) {
      best = { place: { path, places: found.places }, score };
    }
  }
  if (best !== null) return { places: [best.place], score: 4 + best.score / 2 };
  // An object of which the server shows a plain value: its id.
  const scalars = byNames(spec.names, fields).filter((field) => field.fields.length === 0);
  const mayBePlain = role !== "results" && scalars.length > 0;
  return mayBePlain ? { places: scalars.map(({ key }) => ({ path: [key] })), score: 3 } : NOTHING;
}

function nameAt(fields: readonly Field[], path: Path, key: string): string {
  let here = fields;
  for (const step of path) {
    const field = here.find((each) => each.key === step);
    if (step === key) return field?.name ?? key;
    here = field?.fields ?? [];
  }
  return key;
}

/** Fields whose name is one of these, in the order of the names. */
function byNames(names: readonly string[], fields: readonly Field[]): readonly Field[] {
  return names.flatMap((name) =>
    fields.filter((field) => same(field.name ?? field.key, name) || same(field.key, name))
  ).filter((field, at, all) => all.indexOf(field) === at);
}

function rankIn(names: readonly string[], name: string): number {
  const at = names.findIndex((each) => same(each, name));
  return at < 0 ? Infinity : at;
}

function same(one: string, other: string): boolean {
  return one === other || bare(one) === bare(other);
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll("_", "");
}

function resembles(spec: FieldSpec, field: Field): boolean {
  return spec.like !== undefined &&
    (matches(spec.like, field.name ?? field.key) || matches(spec.like, field.key));
}

function matches(pattern: string, name: string): boolean {
  try {
    return new RegExp(pattern, "i").test(name);
  } catch {
    return false;
  }
}

/** Another role knows the field by name. */
function isOthers(specs: Shape, role: string, field: Field): boolean {
  return Object.entries(specs).some(([key, spec]) =>
    key !== role && rankIn(spec.names, field.name ?? field.key) < Infinity
  );
}

function isWrapper(field: Field, role: string): boolean {
  const name = field.name ?? field.key;
  if (ELSEWHERE.test(name) || role === "id") return false;
  const hasId = field.fields.some((each) => /^_?u?u?id$/i.test(each.key));
  return WRAPPER.test(name) || !hasId && field.fields.every((each) => each.fields.length === 0);
}

/** Whether a field's type, where it is known, can hold the role. */
function suits(role: string, field: Field): boolean {
  const { type } = field;
  if (type === undefined || field.fields.length > 0) return true;
  if (role === "text" || /name$/i.test(role)) return !NO_TEXT_TYPE.test(type);
  if (/^is[A-Z]/.test(role)) return /^bool/i.test(type);
  return role !== "id" || !/^(boolean|float)$|time|date/i.test(type);
}

/** The required roles of a shape that no object has, as phrases for people. */
export function missingRoles(
  protocol: KosmiProtocol,
  shape: ShapeName,
  fields: readonly Field[],
): readonly string[] {
  const specs: Shape = protocol.shapes[shape];
  return Object.entries(specs).flatMap(([role, spec]) => {
    if (spec.need !== "required") return [];
    const alone = { ...protocol, shapes: { ...protocol.shapes, [shape]: { [role]: spec } } };
    return findShape(alone, shape, fields) === null ? [`field ${spec.names[0]} is gone`] : [];
  });
}
