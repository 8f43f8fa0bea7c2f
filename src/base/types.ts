declare const brand: unique symbol;

/**
 * A primitive that carries its meaning in its type: a `Brand<string, "MessageId">` can't be passed where a
 * `UserId` is wanted. Only the module that knows the meaning makes one (with `as`) or reads it apart.
 */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };

/** Ends a `switch` over a union: a kind that was forgotten is a compile error, and at run time says what came. */
export function assertNever(value: never): never {
  throw new Error(`Cannot handle this value: ${JSON.stringify(value)}`);
}
