/** The text of anything that was thrown, with the texts of its causes, on one line. For people, not for decisions. */
export function describeError(thrown: unknown): string {
  const parts: string[] = [];
  let current: unknown = thrown;
  // A cause can point back at its error: five levels tell all that a person reads.
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth++) {
    const text = readableText(current).replace(/\s+/g, " ").trim();
    // An error that repeats its cause in its own text is said once.
    if (text !== "" && !parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.length === 0 ? "unknown error" : parts.join(": ");
}

/** Whatever was thrown, telling about it must not throw: not even a message that is no text. */
function readableText(value: unknown): string {
  try {
    return String(textOf(value));
  } catch {
    return "unreadable error";
  }
}

function textOf(value: unknown): string {
  if (value instanceof AggregateError && value.errors.length > 0 && value.message === "") {
    return value.errors.map(textOf).join("; ");
  }
  if (value instanceof Error) return value.message === "" ? value.name : value.message;
  return typeof value === "string" ? value : String(value);
}

/** True when what was thrown is the abort of this signal: somebody asked us to stop, nothing is broken. */
export function isAbortOf(signal: AbortSignal, thrown: unknown): boolean {
  return signal.aborted && (thrown === signal.reason ||
    (thrown instanceof DOMException && thrown.name === "AbortError"));
}

/**
 * Only a person can mend it (wrong password, banned, refused token): to be said once and loudly, and tried again no
 * sooner than `retryAfterMs`.
 */
export class NeedsPersonError extends Error {
  override readonly name = "NeedsPersonError";
  constructor(message: string, readonly retryAfterMs: number, options?: ErrorOptions) {
    super(message, options);
  }
}

/** What was seen, and what to do about it; without a remedy it passes, or nobody knows. The message says both. */
export class AdvisedError extends Error {
  constructor(readonly seen: string, readonly remedy: string | null) {
    super(remedy === null ? seen : `${seen}. ${remedy}`);
  }
}
