/** The text of numeric 391 has no common form; what can't be read for certain is left out. */
export function writtenTime(text: string): number | null {
  const plain = text.replace(/\s--\s/, " ").replace(/\bat\b/, "");
  // Without seconds (ngircd) it says less than is wanted.
  if (!/\d:\d\d:\d\d/.test(plain)) return null;
  if (!/(?:UTC|GMT|Z|[+-]\d{2}:?\d{2})\s*$/.test(plain)) return null;
  const atMs = Date.parse(plain);
  return Number.isNaN(atMs) ? null : atMs;
}
