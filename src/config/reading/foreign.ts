import type { Findings, Place } from "../file/fault.ts";
import { didYouMean, nearest } from "../values/did_you_mean.ts";
import { shown } from "../values/show.ts";
import { isTable } from "../values/values.ts";
import { type Entry, openTable } from "./section.ts";

/** Services that Matterbridge or its successor speaks, and this relay does not. */
export const FOREIGN_PROTOCOLS: readonly string[] = [
  "discord",
  "gitter",
  "harmony",
  "keybase",
  "mastodon",
  "matrix",
  "mattermost",
  "msteams",
  "mumble",
  "nctalk",
  "rocketchat",
  "slack",
  "slack-legacy",
  "sshchat",
  "steam",
  "telegram",
  "twitch",
  "vk",
  "whatsapp",
  "whatsappmulti",
  "xmpp",
  "zulip",
];

/** How to keep the other services. */
const TOGETHER = "docs/matterbridge-together.md";

interface ForeignAccount {
  readonly protocol: string;
  readonly place: Place;
  /** How many endpoints of enabled gateways it has. */
  endpoints: number;
}

/** What stands in the file of services that this relay does not speak: left out, and told once for each account. */
export class ForeignAccounts {
  readonly #ours: readonly string[];
  readonly #accounts = new Map<string, ForeignAccount>();
  readonly #sections: { readonly entry: Entry; readonly protocol: string }[] = [];

  constructor(ours: readonly string[]) {
    this.#ours = ours.filter((protocol) => protocol !== "");
  }

  /** Takes note of a section that is not ours and may be a service's. */
  addSection(file: string, entry: Entry, findings: Findings): void {
    const protocol = entry.written.toLowerCase();
    this.#sections.push({ entry, protocol });
    for (const account of openTable(file, entry, protocol, findings).entries.values()) {
      if (!isTable(account.value)) continue;
      const id = `${protocol}.${account.written.toLowerCase()}`;
      this.#accounts.set(id, { protocol, place: account.place, endpoints: 0 });
    }
  }

  /** Whether this account is of another service; if so, the endpoint that names it is left out. */
  leavesOut(account: string, place: Place): boolean {
    const id = account.trim().toLowerCase();
    const known = this.#accounts.get(id);
    if (known !== undefined) {
      known.endpoints++;
      return true;
    }
    const [protocol = "", name = ""] = id.split(".");
    if (name === "" || this.#ours.includes(protocol)) return false;
    if (!FOREIGN_PROTOCOLS.includes(protocol) && nearest(protocol, this.#ours) !== null) {
      return false;
    }
    this.#accounts.set(id, { protocol, place, endpoints: 1 });
    return true;
  }

  /** One warning for each account; for a section of a service that nobody knows or uses, one in all. */
  tell(findings: Findings): void {
    const unused = this.#sections.filter(({ protocol }) =>
      ![...this.#accounts.values()].some((account) =>
        account.protocol === protocol &&
        (account.endpoints > 0 || FOREIGN_PROTOCOLS.includes(protocol))
      )
    );
    for (const { entry, protocol } of unused) {
      const isKnown = FOREIGN_PROTOCOLS.includes(protocol);
      const what = isKnown
        ? `${this.#isNone(protocol)}, so this section`
        : `there is no such section or service${this.#meant(protocol)}, so it`;
      findings.warn(entry.place, `${what} has no effect`);
    }
    const told = new Set(unused.map(({ protocol }) => protocol));
    for (const { protocol, place, endpoints } of this.#accounts.values()) {
      if (told.has(protocol)) continue;
      findings.warn(place, `${this.#isNone(protocol)}, so ${consequence(endpoints)}`);
    }
  }

  #isNone(protocol: string): string {
    const meant = FOREIGN_PROTOCOLS.includes(protocol) ? "" : this.#meant(protocol);
    return `${shown(protocol)} is not a service of this relay${meant}`;
  }

  #meant(protocol: string): string {
    const hint = didYouMean(protocol, this.#ours);
    return hint === "" ? "" : ` (${hint.slice(2)})`;
  }
}

function consequence(endpoints: number): string {
  if (endpoints === 0) return "this account has no effect";
  const left = endpoints === 1
    ? "its endpoint is left out"
    : `its ${endpoints} endpoints are left out`;
  return `${left}; to keep it, let Matterbridge run beside the relay: ${TOGETHER}`;
}
