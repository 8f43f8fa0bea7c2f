const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

/** A time as the token cache has it: UTC, whole seconds, "2025-11-02T15:56:23Z". */
export function formatRfc3339(atMs: number): string {
  return new Date(Math.floor(atMs / 1000) * 1000).toISOString().replace(".000Z", "Z");
}

/** Milliseconds since the UNIX epoch; null for what is no RFC 3339 time. Takes any offset and any fraction (Go's). */
export function parseRfc3339(text: string): number | null {
  if (!RFC_3339.test(text)) return null;
  const atMs = Date.parse(text.toUpperCase());
  return Number.isFinite(atMs) ? atMs : null;
}
