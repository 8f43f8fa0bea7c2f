import type { ElementSpec } from "./login_page.ts";

// These functions run inside the web page: each must be whole in itself, with nothing from outside its braces. The
// types name what is used of the page's own objects, so that the rest of the program stays without a browser's globals.

/** An element inside the page. */
interface PageElement {
  readonly tagName: string;
  readonly type?: string;
  readonly textContent: string | null;
  readonly labels?: Iterable<PageElement> | null;
  readonly placeholder?: string;
  readonly value?: string;
  readonly innerText?: string;
  readonly disabled?: boolean;
  readonly parentElement: PageElement | null;
  readonly shadowRoot: PageRoot | null;
  getAttribute(name: string): string | null;
  matches(selector: string): boolean;
  closest(selector: string): PageElement | null;
  contains(other: PageElement | null): boolean;
  getBoundingClientRect(): { x: number; y: number; width: number; height: number };
  querySelectorAll(selector: string): Iterable<PageElement>;
  click(): void;
}

interface FocusHolder {
  readonly shadowRoot: { readonly activeElement: FocusHolder | null } | null;
}

interface PageRoot {
  querySelectorAll(selector: string): Iterable<PageElement>;
}

declare const document: PageRoot & {
  readonly body: PageElement | null;
  readonly activeElement: FocusHolder | null;
  hasFocus(): boolean;
  elementFromPoint(x: number, y: number): PageElement | null;
  getElementById(id: string): PageElement | null;
};
declare const location: { readonly origin: string };
declare const localStorage: { getItem(key: string): string | null };
declare function getComputedStyle(element: PageElement): {
  readonly visibility: string;
  readonly display: string;
  readonly opacity: string;
};

/** What to look for. */
export interface FindRequest {
  readonly spec: ElementSpec;
  /** Words that make a button another service's login. */
  readonly foreign: readonly string[];
  /** `exact`: only by role and whole text. */
  readonly how: "exact" | "loose";
}

/** Finds the best visible element inside `scope` (null: the whole page), or null. */
export function findInPage(scope: PageElement | null, request: FindRequest): PageElement | null {
  const { spec, foreign, how } = request;
  const normal = (text: string) =>
    text.toLowerCase().replace(/\s+/g, " ").replace(/^[\s\p{P}\p{S}]+|[\s\p{P}\p{S}]+$/gu, "");
  const isVisible = (element: PageElement) => {
    const box = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    return box.width > 1 && box.height > 1 && style.visibility === "visible" &&
      style.display !== "none" && Number(style.opacity) > 0.05;
  };
  const all: PageElement[] = [];
  const collect = (root: PageRoot) => {
    for (const element of root.querySelectorAll("*")) {
      all.push(element);
      if (element.shadowRoot !== null) collect(element.shadowRoot);
    }
  };
  collect(scope ?? document);
  const roleOf = (element: PageElement): string => {
    const role = element.getAttribute("role");
    if (role !== null) return role;
    const tag = element.tagName.toLowerCase();
    if (tag === "button" || tag === "summary") return "button";
    if (tag === "a") return "link";
    if (tag === "textarea") return "textbox";
    if (tag !== "input") return "";
    return /^(submit|button|image|reset)$/.test(element.type ?? "")
      ? "button"
      : /^(checkbox|radio|range|file|hidden|color)$/.test(element.type ?? "")
      ? ""
      : "textbox";
  };
  const namesOf = (element: PageElement): string[] => {
    const names = [
      element.getAttribute("aria-label"),
      element.getAttribute("placeholder"),
      element.getAttribute("title"),
      element.getAttribute("alt"),
    ];
    for (const id of (element.getAttribute("aria-labelledby") ?? "").split(/\s+/)) {
      if (id !== "") names.push(document.getElementById(id)?.textContent ?? null);
    }
    for (const label of element.labels ?? []) names.push(label.textContent);
    if (roleOf(element) !== "textbox") {
      names.push(element.textContent);
      if (element.tagName.toLowerCase() === "input") names.push(element.value ?? null);
    }
    return names.map((name) => normal(name ?? "")).filter((name) => name !== "");
  };
  const named = all
    .filter((element) => spec.roles.includes(roleOf(element)))
    .map((element) => ({ element, names: namesOf(element) }))
    .filter(({ element, names }) => names.length > 0 && isVisible(element));
  for (const text of spec.texts) {
    const exact = named.find(({ names }) => names.includes(normal(text)));
    if (exact !== undefined) return exact.element;
  }
  if (how === "exact") return null;
  for (const selector of spec.selectors) {
    const found = all.find((element) => element.matches(selector) && isVisible(element));
    if (found !== undefined) return found;
  }
  let best: { element: PageElement; length: number } | null = null;
  for (const { element, names } of named) {
    for (const name of names) {
      const isOurs = spec.texts.some((text) => ` ${name} `.includes(` ${normal(text)} `));
      const isForeign = foreign.some((word) => name.includes(word));
      if (isOurs && !isForeign && name.length < 60 && name.length < (best?.length ?? Infinity)) {
        best = { element, length: name.length };
      }
    }
  }
  return best?.element ?? null;
}

/** The part of the page that holds the password field and another field: the login form. */
export function formAround(password: PageElement): PageElement {
  const form = password.closest("form");
  if (form !== null) return form;
  let around = password;
  while (around.parentElement !== null) {
    around = around.parentElement;
    const fields = [...around.querySelectorAll("input")].filter((field) => field !== password);
    if (fields.some((field) => field.getBoundingClientRect().width > 1)) return around;
  }
  return around;
}

/** The first visible text field of a form besides the password's. */
export function otherField(form: PageElement, password: PageElement): PageElement | null {
  for (const field of form.querySelectorAll("input")) {
    const isText = !/^(hidden|checkbox|radio|submit|button|password|file)$/.test(field.type ?? "");
    if (field !== password && isText && field.getBoundingClientRect().width > 1) return field;
  }
  return null;
}

/** The form's own submit button, whatever it is called. */
export function submitOf(form: PageElement): PageElement | null {
  for (const button of form.querySelectorAll("button, input")) {
    const isSubmit = button.type === "submit" && button.tagName.toLowerCase() !== "form";
    if (isSubmit && button.getBoundingClientRect().width > 1) return button;
  }
  return null;
}

/** Whether a click at the element's middle would reach something else that lies over it. */
export function isCovered(element: PageElement): boolean {
  const box = element.getBoundingClientRect();
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return top !== null && !element.contains(top) && !top.contains(element);
}

export function isDisabled(element: PageElement): boolean {
  return element.disabled === true || element.getAttribute("aria-disabled") === "true";
}

export function clickInPage(element: PageElement): void {
  element.click();
}

/** The page can't change what this answers. */
export function originOf(): string {
  return location.origin;
}

/** Where a key would go now: the origin, whether the field has the focus, and what it holds. */
interface KeyTarget {
  readonly origin: string;
  readonly focused: boolean;
  readonly value: string;
}

export function keyTarget(field: PageElement): KeyTarget {
  let holder = document.activeElement;
  while (holder?.shadowRoot?.activeElement) holder = holder.shadowRoot.activeElement;
  return {
    origin: location.origin,
    focused: document.hasFocus() && holder as unknown === field,
    value: field.value ?? "",
  };
}

export function valueOf(element: PageElement): string {
  return element.value ?? "";
}

/** What the page shows and has stored, for the wait after the form was sent. */
export interface PageView {
  readonly origin: string;
  readonly stored: string | null;
  readonly lines: readonly string[];
  readonly alerts: readonly string[];
  /** What stands in the form with the password field, as long as that shows. */
  readonly formLines: readonly string[];
  /** Selectors, of those asked for, that match something visible. */
  readonly seen: readonly string[];
}

export function viewPage(request: {
  readonly tokenKey: string;
  readonly alertRoles: readonly string[];
  readonly alertSelectors: readonly string[];
  readonly selectors: readonly string[];
}): PageView {
  const isVisible = (element: PageElement) => {
    const box = element.getBoundingClientRect();
    return box.width > 1 && box.height > 1 && getComputedStyle(element).visibility === "visible";
  };
  const alertSelectors = [
    ...request.alertRoles.map((role) => `[role="${role}"]`),
    ...request.alertSelectors,
  ];
  const alerts = alertSelectors.flatMap((selector) => [...document.querySelectorAll(selector)])
    .filter(isVisible)
    .map((element) => (element.textContent ?? "").replace(/\s+/g, " ").trim())
    .filter((text) => text !== "");
  const linesOf = (element: { readonly innerText?: string } | null) =>
    (element?.innerText ?? "").slice(0, 20_000).split("\n").map((line) => line.trim())
      .filter((line) => line !== "");
  const password = [...document.querySelectorAll('input[type="password"]')].find(isVisible);
  return {
    origin: location.origin,
    stored: localStorage.getItem(request.tokenKey),
    lines: linesOf(document.body),
    formLines: linesOf(password?.closest('form, dialog, [role="dialog"], .ui.modal') ?? null),
    alerts: [...new Set(alerts)].slice(0, 20),
    seen: request.selectors.filter((selector) =>
      [...document.querySelectorAll(selector)].some(isVisible)
    ),
  };
}

/** Makes what was typed and who is logged in unreadable, before a picture of the page is taken. */
export function blankFields(secrets: readonly string[]): void {
  for (const field of document.querySelectorAll("input, textarea, [contenteditable]")) {
    const mutable: { value?: string; textContent: string | null } = field;
    if (mutable.value !== undefined) mutable.value = "";
    else mutable.textContent = "";
  }
  for (const element of document.querySelectorAll("body *")) {
    const text = element.textContent ?? "";
    const isLeaf = [...element.querySelectorAll("*")].length === 0;
    const mutable: { textContent: string | null } = element;
    if (isLeaf && secrets.some((secret) => text.includes(secret))) mutable.textContent = "█████";
  }
}
