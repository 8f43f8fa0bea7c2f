/** Ends a `switch` over a union: a kind that was forgotten is a compile error, and at run time says what came. */
export function assertNever(value: never): never {
  throw new Error(`Cannot handle this value: ${JSON.stringify(value)}`);
}
