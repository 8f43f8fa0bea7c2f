import type { ElementHandle, Frame, JSHandle, Page } from "puppeteer-core";
import type { Clock } from "../../base/clock.ts";
import { ignoreNavigation, type LoginOrigins } from "./login_origins.ts";
import { type ElementSpec, type LoginPage, USUAL_DISMISS } from "./login_page.ts";
import {
  clickInPage,
  findInPage,
  type FindRequest,
  formAround,
  isCovered,
  isDisabled,
  keyTarget,
  originOf,
  otherField,
  submitOf,
  valueOf,
} from "./page_script.ts";

/** Words in a button that make it the login of another service. */
const FOREIGN = ["google", "facebook", "apple", "discord", "twitter", "twitch", "steam", "github"];
const POLL_MS = 100;

/** The fields of the login form; `email` is null where the page asks only for the password now. */
export interface FormFields {
  readonly form: ElementHandle;
  readonly email: ElementHandle | null;
  readonly password: ElementHandle;
}

/**
 * Finds and works the elements of the login page as a person does: by what they say, with real clicks and keys. What
 * belongs to another site is neither found nor touched.
 */
export class LoginForm {
  readonly #page: Page;
  readonly #plan: LoginPage;
  readonly #origins: LoginOrigins;
  readonly #clock: Clock;

  constructor(options: {
    readonly page: Page;
    readonly plan: LoginPage;
    readonly origins: LoginOrigins;
    readonly clock: Clock;
  }) {
    this.#page = options.page;
    this.#plan = options.plan;
    this.#origins = options.origins;
    this.#clock = options.clock;
  }

  /** An element of the whole page, its frames included; null when there is none now. */
  async find(spec: ElementSpec, how: FindRequest["how"]): Promise<ElementHandle | null> {
    for (const frame of this.#page.frames()) {
      if (!await this.#origins.has(frame)) continue;
      const found = await this.#findIn(frame, spec, how, null).catch(ignoreNavigation);
      if (found !== null) return found;
    }
    return null;
  }

  /** The login form, once it shows a password field; null before. */
  async fields(): Promise<FormFields | null> {
    const password = await this.find(this.#plan.passwordField, "loose");
    if (password === null) return null;
    try {
      const form = handleOf(await password.evaluateHandle(formAround));
      if (form === null) return null;
      const found = await this.#findIn(form, this.#plan.emailField, "loose", password);
      const email = found ?? handleOf(await form.evaluateHandle(otherField, password));
      return { form, email, password };
    } catch (error) {
      return ignoreNavigation(error);
    }
  }

  /** Clicks; what lies over the element is taken away first where it can be. */
  async click(element: ElementHandle): Promise<void> {
    await this.#checkOrigin(element);
    if (await element.evaluate(isCovered)) await this.dismissBanner();
    if (await element.evaluate(isCovered)) await element.evaluate(clickInPage);
    else await element.click();
  }

  /** True when there was one. */
  async dismissBanner(): Promise<boolean> {
    const accept = await this.find(this.#plan.dismiss ?? USUAL_DISMISS, "exact");
    if (accept === null) return false;
    await accept.click().catch(() => {});
    return true;
  }

  /**
   * Types with real key events, since a page may ignore a value that a program sets. False when the field does not hold
   * the text afterwards.
   */
  async type(field: ElementHandle, text: string, signal: AbortSignal): Promise<boolean> {
    for (const delayMs of [0, 30]) {
      await this.#focus(field);
      await this.#selectAll();
      await this.#page.keyboard.press("Backspace");
      if (await this.#typeKeys(field, text, delayMs, signal)) return true;
      await this.#clock.sleep(POLL_MS, signal);
    }
    return false;
  }

  /** Key by key, each only while the field has the focus; one that did not reach it is the last. */
  async #typeKeys(
    field: ElementHandle,
    text: string,
    delayMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    let before: string | null = null;
    for (const char of text) {
      const { origin, focused, value } = await field.evaluate(keyTarget);
      this.#origins.check(origin);
      if (!focused || value === before) return false;
      before = value;
      await this.#page.keyboard.type(char);
      if (delayMs > 0) await this.#clock.sleep(delayMs, signal);
    }
    return await field.evaluate(valueOf) === text;
  }

  async #checkOrigin(element: ElementHandle): Promise<void> {
    this.#origins.check(await element.evaluate(originOf));
  }

  /** Sends the form: by its button, else by the Enter key. */
  async submit(fields: FormFields, signal: AbortSignal): Promise<void> {
    const button = await this.#submitButton(fields);
    if (button === null || !await this.#isEnabled(button, signal)) {
      await this.press(fields.password, "Enter");
      return;
    }
    await this.click(button);
  }

  async press(field: ElementHandle, key: "Enter"): Promise<void> {
    await this.#checkOrigin(field);
    await field.press(key);
  }

  async #submitButton({ form, password }: FormFields): Promise<ElementHandle | null> {
    const { submitButton } = this.#plan;
    return await this.#findIn(form, submitButton, "exact", password) ??
      handleOf(await form.evaluateHandle(submitOf)) ??
      await this.#findIn(form, submitButton, "loose", password);
  }

  async #isEnabled(button: ElementHandle, signal: AbortSignal): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < 2_000; waitedMs += POLL_MS) {
      if (!await button.evaluate(isDisabled)) return true;
      await this.#clock.sleep(POLL_MS, signal);
    }
    return false;
  }

  async #focus(field: ElementHandle): Promise<void> {
    await this.click(field);
    await field.focus();
  }

  async #selectAll(): Promise<void> {
    const { keyboard } = this.#page;
    await keyboard.down("Control");
    await keyboard.press("a");
    await keyboard.up("Control");
  }

  async #findIn(
    where: Frame | ElementHandle,
    spec: ElementSpec,
    how: FindRequest["how"],
    not: ElementHandle | null,
  ): Promise<ElementHandle | null> {
    const request: FindRequest = { spec, how, foreign: FOREIGN };
    const handle = "asElement" in where
      ? await where.evaluateHandle(findInPage, request)
      : await where.evaluateHandle(findInPage, null, request);
    const found = handleOf(handle);
    if (found === null || not === null) return found;
    const isSame = await found.evaluate((a, b) => a === b, not);
    return isSame ? null : found;
  }
}

function handleOf(handle: JSHandle): ElementHandle | null {
  // The in-page functions answer elements only; a node that is no element has no place in a form.
  const element = handle.asElement();
  return element === null ? null : element as ElementHandle;
}
