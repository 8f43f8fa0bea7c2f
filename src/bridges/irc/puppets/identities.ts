import type { ServerFeatures } from "../link/server_features.ts";
import type { IrcMessage } from "../wire/message.ts";
import { isPuppetUser, plainUser } from "./puppet_name.ts";

/** A connection of ours, as the main connection sees it. */
interface Identity<Owner> {
  readonly owner: Owner;
  /** Its user name as the server shows it; null until it was seen. */
  user: string | null;
}

const MOST_REMEMBERED = 500;

/**
 * Which lines of the main connection come from another connection of ours: by nick and user name, never by the text.
 * A nick is one person's at a time, so that nobody else can be taken for a puppet while it lives; afterwards its user
 * name must fit too.
 */
export class Identities<Owner extends { readonly user: string }> {
  readonly #features: ServerFeatures;
  readonly #suffix: string;
  readonly #known = new Map<string, Identity<Owner>>();

  constructor(features: ServerFeatures, suffix: string) {
    this.#features = features;
    this.#suffix = suffix;
  }

  /** A puppet has this nick from now on. */
  add(nick: string, owner: Owner): void {
    const key = this.#features.fold(nick);
    this.#known.delete(key);
    this.#known.set(key, { owner, user: null });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_REMEMBERED) break;
      this.#known.delete(oldest);
    }
  }

  has(nick: string): boolean {
    return this.#known.has(this.#features.fold(nick));
  }

  /** Whose line this is; null when it is not ours. */
  ownerOf(message: IrcMessage): Owner | null {
    const identity = this.#known.get(this.#features.fold(message.nick));
    if (identity === undefined) return null;
    if (message.user === "") return identity.owner;
    identity.user ??= message.user;
    return identity.user === message.user ? identity.owner : null;
  }

  /** Takes the new nick of one of ours over. */
  renamed(message: IrcMessage, to: string): void {
    const owner = this.ownerOf(message);
    if (owner === null) return;
    this.add(to, owner);
    this.ownerOf({ ...message, nick: to });
  }

  /**
   * True for the puppet of an earlier run or link, too, which may still be in a history or about to time out: nick and
   * user name both have our form.
   */
  looksLikeOurs(message: IrcMessage): boolean {
    if (this.ownerOf(message) !== null) return true;
    if (!isPuppetUser(message.user)) return false;
    const nick = this.#features.fold(message.nick);
    const suffix = this.#features.fold(this.#suffix);
    return nick.replace(/[_\d]{0,3}$/, "").endsWith(suffix) || nick.endsWith(suffix);
  }

  /** The user name that tells whose puppet wrote a line of the history; null when none of ours did. */
  writerOf(message: IrcMessage): string | null {
    const owner = this.ownerOf(message);
    if (owner !== null) return owner.user;
    return this.looksLikeOurs(message) ? plainUser(message.user) : null;
  }

  /** A puppet is gone. Where its user name was never seen, its nick says nothing any more. */
  ended(owner: Owner): void {
    for (const [key, identity] of this.#known) {
      if (identity.owner === owner && identity.user === null) this.#known.delete(key);
    }
  }
}
