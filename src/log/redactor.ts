import { MIN_SEARCHED_LENGTH, secretForms } from "./secret_forms.ts";
import { isSecretName, REDACTED, redactPatterns } from "./secret_patterns.ts";

/** Longest text that is looked through and shown; what lies behind is cut. In UTF-16 units. */
const LONGEST_TEXT = 16_384;

/** Takes secrets out of texts: those it was told (exactly, in any encoding) and those that look like one. */
export class Redactor {
  readonly #short = new Set<string>();
  readonly #forms = new Map<string, string>();
  #longest = 0;
  #search: RegExp | null = null;

  /**
   * From now on `secret` is taken out of every text. One of fewer than 4 characters is only taken out where it is the
   * whole value: searched for inside words it would mark half the log and so tell itself.
   */
  add(secret: string): void {
    for (const value of new Set([secret, secret.trim()])) {
      if (value.trim() === "" || this.#forms.has(value)) continue;
      if (value.length < MIN_SEARCHED_LENGTH) this.#short.add(value);
      else this.#addSearched(value);
    }
  }

  #addSearched(value: string): void {
    this.#forms.set(value, secretForms(value));
    this.#longest = Math.max(this.#longest, value.length);
    // The longest first: a secret that begins with another must not leave its tail.
    const forms = [...this.#forms].sort(([a], [b]) => b.length - a.length);
    this.#search = new RegExp(forms.map(([, form]) => form).join("|"), "g");
  }

  /** The text without secrets, cut where it is too long. */
  text(text: string): string {
    if (this.#short.has(text)) return REDACTED;
    if (text.length <= LONGEST_TEXT) return this.#clean(text);
    // A secret that the cut goes through is no longer recognised: what could be its start goes too.
    const kept = this.#clean(text.slice(0, LONGEST_TEXT)).slice(0, -6 * this.#longest - 1);
    return `${kept}… (${text.length} characters)`;
  }

  #clean(text: string): string {
    const known = this.#search === null ? text : text.replace(this.#search, REDACTED);
    return redactPatterns(known);
  }

  /** True when the value of a field of this name must not be shown. Yes, no and nothing are no secrets. */
  hides(name: string, value: unknown): boolean {
    if (value === null || value === undefined || typeof value === "boolean") return false;
    if (typeof value === "number" && /tokens$/i.test(name)) return false;
    return isSecretName(name);
  }
}
