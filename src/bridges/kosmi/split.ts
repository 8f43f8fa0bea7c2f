import { graphemes } from "../../base/text.ts";

/**
 * Cuts a text into pieces of at most `limit` graphemes: at a line break where one is near, else between words, else
 * between graphemes. The space or line break at a cut is dropped; nothing else is.
 */
export function splitText(text: string, limit: number): readonly string[] {
  // A grapheme is at least one UTF-16 unit: most messages need no counting.
  if (text.length <= limit) return [text];
  const room = Math.max(1, limit);
  const pieces: string[] = [];
  let rest = graphemes(text);
  while (rest.length > room) {
    const cut = cutAt(rest, room);
    pieces.push(rest.slice(0, cut).join(""));
    const gap = isGap(rest[cut]) ? 1 : 0;
    rest = rest.slice(cut + gap);
  }
  if (rest.length > 0) pieces.push(rest.join(""));
  return pieces.filter((piece) => piece.trim() !== "");
}

/** Where the first piece ends: no earlier than its last third, so that pieces stay few. */
function cutAt(rest: readonly string[], room: number): number {
  const least = Math.max(1, Math.floor(room * 2 / 3));
  for (let at = room; at >= least; at--) {
    if (rest[at] === "\n") return at;
  }
  for (let at = room; at >= 1; at--) {
    if (isGap(rest[at])) return at;
  }
  return room;
}

function isGap(grapheme: string | undefined): boolean {
  return grapheme === " " || grapheme === "\n";
}
