const encoder = new TextEncoder();
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Length in UTF-8 bytes. */
export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** The text as a reader counts it: an emoji sequence or a letter with its accents is one element. */
export function graphemes(text: string): string[] {
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** The longest start of `text` that fits `maxBytes` without cutting a grapheme (or, if the first alone is too long, a code point). */
export function clipBytes(text: string, maxBytes: number): string {
  if (byteLength(text) <= maxBytes) return text;
  let clipped = "";
  let bytes = 0;
  // A unit is at least a byte: what lies further back can't fit, and a long text need not be taken apart.
  for (const grapheme of graphemes(text.slice(0, maxBytes + 1))) {
    bytes += byteLength(grapheme);
    if (bytes > maxBytes) break;
    clipped += grapheme;
  }
  return clipped === "" ? clipCodePoints(text, maxBytes) : clipped;
}

function clipCodePoints(text: string, maxBytes: number): string {
  let clipped = "";
  for (const codePoint of text) {
    if (byteLength(clipped + codePoint) > maxBytes) break;
    clipped += codePoint;
  }
  return clipped;
}
