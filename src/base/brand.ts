declare const brand: unique symbol;

/**
 * A primitive that carries its meaning in its type: a `Brand<string, "MessageId">` can't be passed where a
 * `UserId` is wanted. Only the room that knows the meaning makes one (with `as`) or reads it apart.
 */
export type Brand<Base, Name extends string> = Base & { readonly [brand]: Name };
