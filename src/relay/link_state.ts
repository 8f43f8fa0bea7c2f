/** How an account's link stands: always exactly one of these. Times in milliseconds since the UNIX epoch. */
export type LinkState =
  | { readonly kind: "idle" }
  | { readonly kind: "connecting"; readonly sinceMs: number; readonly attempt: number }
  | { readonly kind: "ready"; readonly sinceMs: number; readonly self: string }
  | {
    readonly kind: "waiting";
    readonly untilMs: number;
    readonly reason: string;
    readonly attempt: number;
  }
  /** Only a person can mend it; tried again at `untilMs` all the same. */
  | { readonly kind: "refused"; readonly untilMs: number; readonly reason: string }
  | { readonly kind: "stopped" };

/** How a channel of a ready link stands. */
export type ChannelState =
  | { readonly kind: "up"; readonly sinceMs: number }
  | { readonly kind: "down"; readonly reason: string; readonly mend: "wait" | "person" };
