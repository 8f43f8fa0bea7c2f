import { property } from "./graphql_error.ts";
import type { Field, Found, Path, Places } from "./roles.ts";

const DEEPEST = 6;

/**
 * An answer's value with our own names: each role that has a value, under its key. Lists stay lists. What is no object (a server that
 * answers with an id or with true) comes as it is.
 */
export function readShape(found: Found | null, value: unknown): unknown {
  if (typeof value !== "object" || value === null || found === null) return value;
  const at = found.path.length === 0 ? value : dig(value, found.path);
  if (at === undefined || at === null) return null;
  const read = readPlaces(found.places, at);
  return found.list === undefined ? read : { [found.list]: Array.isArray(read) ? read : [read] };
}

function readPlaces(places: Places, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => readPlaces(places, each));
  if (typeof value !== "object" || value === null) return value;
  const read: Record<string, unknown> = {};
  for (const [role, candidates] of Object.entries(places)) {
    const values = candidates.flatMap((place) => {
      const raw = dig(value, place.path);
      if (raw === undefined || raw === null) return [];
      return [place.places === undefined ? raw : readPlaces(place.places, raw)];
    });
    const chosen = role === "text" ? values.find(looksLikeText) ?? values[0] : values[0];
    if (chosen !== undefined) read[role] = chosen;
  }
  return read;
}

/** What a path leads to; through a list it leads to all that is there. */
function dig(value: unknown, path: Path): unknown {
  let here: unknown = value;
  for (const key of path) {
    if (Array.isArray(here)) {
      here = here.slice(0, 10_000).map((each: unknown) => property(each, key)).flat();
    } else here = property(here, key);
    if (here === undefined || here === null) return here;
  }
  return here;
}

function looksLikeText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && typeOfText(value) === "String" &&
    !/^[A-Z][A-Z_]+$/.test(value);
}

const MOST_KEYS = 200;

/** The fields of an answer by its own keys, with types by its values. */
export function fieldsOf(value: unknown, deepest = DEEPEST): readonly Field[] {
  if (Array.isArray(value)) {
    const all = value.slice(0, 20).flatMap((each) => fieldsOf(each, deepest));
    return all.filter((field, at) =>
      at === all.findIndex(({ key, fields }) => key === field.key && fields.length > 0) ||
      !all.some(({ key, fields }) => key === field.key && fields.length > 0) &&
        at === all.findIndex(({ key }) => key === field.key)
    );
  }
  if (typeof value !== "object" || value === null || deepest <= 0) return [];
  return Object.entries(value).slice(0, MOST_KEYS).map(([key, inner]) => {
    const type = typeOfValue(inner);
    return { key, ...(type === null ? {} : { type }), fields: fieldsOf(inner, deepest - 1) };
  });
}

function typeOfValue(value: unknown): string | null {
  if (typeof value === "boolean") return "Boolean";
  if (typeof value === "number") return "Number";
  return typeof value === "string" ? typeOfText(value) : null;
}

function typeOfText(text: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$|^[0-9a-f]{24,64}$/i.test(text)) return "ID";
  return /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/.test(text) ? "DateTime" : "String";
}
