import { randomUUID } from "node:crypto";
import { issueJwt, readJwt } from "./jwt.ts";

/** A person at the stand-in Kosmi, with the fields of the schema's User. */
export interface KosmiUser {
  readonly id: string;
  readonly displayName: string;
  readonly username: string | null;
  readonly isAnonymous: boolean;
  readonly avatarUrl: string | null;
  readonly email: string | null;
  readonly password: string | null;
}

export interface UserOptions {
  readonly email: string;
  readonly password: string;
  readonly displayName: string;
  readonly id?: string;
}

export type TokenCheck =
  | { readonly kind: "valid"; readonly user: KosmiUser }
  | { readonly kind: "expired"; readonly user: KosmiUser }
  | { readonly kind: "bad" };

const ANIMALS = ["Otter", "Lynx", "Heron", "Badger", "Gecko", "Walrus", "Ibis", "Marten"];
const DAY_MS = 24 * 60 * 60 * 1000;

/** Everybody the server knows, and their tokens. */
export class Users {
  readonly #byId = new Map<string, KosmiUser>();
  readonly #byEmail = new Map<string, KosmiUser>();
  readonly #byName = new Map<string, KosmiUser>();
  readonly #revoked = new Set<string>();
  readonly #secret: string;
  readonly #now: () => number;
  #anonymousCount = 0;

  constructor(options: { secret: string; now: () => number; users: readonly UserOptions[] }) {
    this.#secret = options.secret;
    this.#now = options.now;
    for (const user of options.users) this.add(user);
  }

  add(options: UserOptions): KosmiUser {
    return this.#keep({
      id: options.id ?? randomUUID(),
      displayName: options.displayName,
      username: options.displayName.toLowerCase().replaceAll(/\W+/g, ""),
      isAnonymous: false,
      avatarUrl: null,
      email: options.email,
      password: options.password,
    });
  }

  addAnonymous(): KosmiUser {
    const animal = ANIMALS[this.#anonymousCount++ % ANIMALS.length] ?? "Otter";
    return this.#keep(
      member(randomUUID(), `Anonymous ${animal}`, null, true),
    );
  }

  /** The person of that id, or else of that name, made when new: for `say`. */
  member(who: { name: string; userId?: string; anonymous?: boolean }): KosmiUser {
    const known = who.userId === undefined
      ? this.#byName.get(who.name)
      : this.#byId.get(who.userId);
    const anonymous = who.anonymous ?? known?.isAnonymous ?? false;
    if (known?.displayName === who.name && known.isAnonymous === anonymous) return known;
    const id = who.userId ?? known?.id ?? randomUUID();
    const made = member(id, who.name, anonymous ? null : `user_${id.slice(0, 8)}`, anonymous);
    this.#byName.set(who.name, made);
    return this.#keep(made);
  }

  /** The same person under another name, no longer anonymous. */
  rename(user: KosmiUser, displayName: string): KosmiUser {
    return this.#keep({ ...user, displayName, isAnonymous: false });
  }

  byId(id: string): KosmiUser | null {
    return this.#byId.get(id) ?? null;
  }

  byEmail(email: string): KosmiUser | null {
    return this.#byEmail.get(email.toLowerCase()) ?? null;
  }

  issueToken(user: KosmiUser, expInDays = 365): string {
    const nowMs = this.#now();
    const expiresAtMs = nowMs + expInDays * DAY_MS;
    return issueJwt(this.#secret, { subject: user.id, nowMs, expiresAtMs });
  }

  revokeToken(token: string): void {
    this.#revoked.add(token);
  }

  check(token: unknown): TokenCheck {
    if (typeof token !== "string" || this.#revoked.has(token)) return { kind: "bad" };
    const claims = readJwt(this.#secret, token);
    const user = claims === null ? undefined : this.#byId.get(claims.sub);
    if (claims === null || user === undefined) return { kind: "bad" };
    return { kind: claims.exp * 1000 > this.#now() ? "valid" : "expired", user };
  }

  #keep(user: KosmiUser): KosmiUser {
    this.#byId.set(user.id, user);
    if (user.email !== null) this.#byEmail.set(user.email.toLowerCase(), user);
    return user;
  }
}

function member(
  id: string,
  displayName: string,
  username: string | null,
  isAnonymous: boolean,
): KosmiUser {
  return { id, displayName, username, isAnonymous, avatarUrl: null, email: null, password: null };
}
