import { escapeUnsafe } from "../../base/text.ts";

/** Text that is HTML already: made by `html` only. */
export class Html {
  constructor(readonly text: string) {}
}

type Piece = Html | string | number | null | readonly Piece[];

/** HTML from a template. Whatever is filled in is escaped, unless `html` made it. Null is nothing. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return new Html(strings.map((text, i) => text + written(pieces[i] ?? null)).join(""));
}

function written(piece: Piece): string {
  if (piece === null) return "";
  if (piece instanceof Html) return piece.text;
  if (typeof piece === "object") return piece.map(written).join("");
  return escapeHtml(String(piece));
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

function escapeHtml(text: string): string {
  return escapeUnsafe(text).replace(/[&<>"']/g, (found) => ENTITIES.get(found) ?? found);
}
