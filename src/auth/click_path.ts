/** The buttons on the way to the login form. */
export type PathButton = "loginButton" | "emailChoice";

/** How often one button is tried: a second time in case its script was not there yet, no more. */
const MOST_CLICKS = 2;

/** Which buttons were clicked on the way to the form, and may be clicked now. */
export class ClickPath {
  readonly #counts = new Map<PathButton, number>();
  readonly #spent = new Set<PathButton>();

  get hasBegun(): boolean {
    return this.#counts.size > 0;
  }

  mayClick(button: PathButton): boolean {
    return !this.#spent.has(button);
  }

  clicked(button: PathButton): void {
    this.#counts.set(button, (this.#counts.get(button) ?? 0) + 1);
    this.#spent.add(button);
  }

  /** Nothing has come of the clicks so far. */
  allowAgain(): void {
    for (const button of this.#spent) {
      if ((this.#counts.get(button) ?? 0) < MOST_CLICKS) this.#spent.delete(button);
    }
  }

  /** What was looked for in vain, for the error. */
  get missing(): string {
    if (this.#counts.has("emailChoice")) {
      return "no form for email and password after choosing to log in with email";
    }
    return this.#counts.has("loginButton")
      ? "no choice to log in with email, and no form, after clicking the login button"
      : "no login button on the page";
  }
}
