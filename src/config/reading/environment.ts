import type { Findings, Place } from "../file/fault.ts";
import { nearest } from "../values/did_you_mean.ts";
import { shown } from "../values/show.ts";

const PREFIX = "MATTERBRIDGE_";

/** Variables with our prefix that are no keys of the file. */
const OTHERS = ["MATTERBRIDGE_DATA_DIR"];

/** Kubernetes sets these for a service that is called matterbridge. */
const KUBERNETES = /^MATTERBRIDGE_(?:SERVICE_|PORT$|PORT_)/;

/** The variable that overrides a key: `irc`, `my-net`, `Nick` is MATTERBRIDGE_IRC_MY_NET_NICK. */
export function variableName(path: readonly string[]): string {
  return PREFIX + path.join("_").replace(/[.-]/g, "_").toUpperCase();
}

/** The environment as a source of values; it remembers what was asked for, to tell what nobody asks for. */
export class Environment {
  readonly #variables: Readonly<Record<string, string>>;
  readonly #asked = new Set<string>();

  constructor(variables: Readonly<Record<string, string>>) {
    this.#variables = variables;
  }

  /** The value of a key's variable; null when it is not set. An empty one counts as not set, as in Matterbridge. */
  find(path: readonly string[]): { text: string; place: Place } | null {
    const name = variableName(path);
    this.#asked.add(name);
    const text = Object.hasOwn(this.#variables, name) ? this.#variables[name] : undefined;
    if (text === undefined || text === "") return null;
    return { text, place: placeOf(name) };
  }

  /**
   * Warns of variables that have our prefix and that no key asked for. `sections` are the known ones: `irc`, `libera`;
   * what is for accounts of `foreign` services is left out with them.
   */
  warnOfUnread(
    sections: readonly (readonly string[])[],
    foreign: readonly string[],
    findings: Findings,
  ): void {
    const theirs = foreign.map((protocol) => `${variableName([protocol])}_`);
    for (const name of Object.keys(this.#variables)) {
      if (!name.startsWith(PREFIX) || this.#asked.has(name)) continue;
      if (OTHERS.includes(name) || KUBERNETES.test(name)) continue;
      if (theirs.some((prefix) => name.startsWith(prefix))) continue;
      findings.warn(placeOf(name), this.#whyUnread(name, sections));
    }
  }

  #whyUnread(name: string, sections: readonly (readonly string[])[]): string {
    const meant = nearest(name, [...this.#asked, ...OTHERS]);
    const hint = meant === null ? "" : `; did you mean ${meant}?`;
    const owner = sections.find((path) => name.startsWith(`${variableName(path)}_`));
    if (owner !== undefined) return `[${owner.join(".")}] has no such key${hint}`;
    const protocol = /^MATTERBRIDGE_(IRC|KOSMI)_/.exec(name)?.[1]?.toLowerCase();
    if (protocol !== undefined) {
      return `the file has no account [${protocol}.NAME] that this could be for${hint}`;
    }
    return `nothing reads this variable${hint}`;
  }
}

function placeOf(name: string): Place {
  return { file: "environment", path: null, key: shown(name) };
}
