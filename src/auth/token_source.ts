/** A token for one connection attempt. */
export interface TokenGrant {
  readonly token: string;
  /** A login was configured: when the service shows us as anonymous all the same, somebody should be told. */
  readonly expectsLogin: boolean;
}

/** Where the token in use comes from. */
export type TokenOrigin = "anonymous" | "configured" | "cache" | "login";

/** What may be shown of a token; never the token itself. Times are milliseconds since the UNIX epoch. */
export interface TokenStatus {
  /** Null as long as there is none. */
  readonly origin: TokenOrigin | null;
  readonly email: string | null;
  readonly userId: string | null;
  readonly savedAtMs: number | null;
  readonly expiresAtMs: number | null;
  /** Why the last login failed; null when it did not. */
  readonly fault: string | null;
}

/** Gives an account its token, keeps it fresh, and never asks the service more often than is decent. */
export interface TokenSource {
  /**
   * The token to connect with; called before every connection attempt. Several callers share one login. Rejects with a
   * NeedsPersonError (wait at least its `retryAfterMs`), another Error (back off and try again), or the signal's reason
   * after everything it started has ended.
   */
  get(signal: AbortSignal): Promise<TokenGrant>;
  /** The service refused this token: it is discarded, and the next `get` gives another one where it can. */
  refused(token: string): void;
  /**
   * Renews in good time while the program runs. Rejects only with the signal's reason, when that aborts; no browser of ours is
   * running then, provided that those who called `get` have given up too.
   */
  maintain(signal: AbortSignal): Promise<void>;
  /** Logs in now, whatever is cached: a person asked for it. */
  renew(signal: AbortSignal): Promise<void>;
  status(): TokenStatus;
}
