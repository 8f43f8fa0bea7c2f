/**
 * The web app's start page. Like a React app it draws itself from a state, and its fields are controlled: only what a
 * person types (trusted events) gets into the state; what a script writes into a field is drawn over and never sent.
 */
import { element } from "./messages.js";

const config = JSON.parse(document.getElementById("config").textContent);
const login = config.login;
const root = document.getElementById("root");

const state = {
  step: "closed", // closed | opening | choices | form | broken | captcha | code
  email: "",
  password: "",
  code: "",
  busy: false,
  error: null,
  account: null,
  cookies: login.cookieBanner,
};

function set(change) {
  Object.assign(state, change);
  draw();
}

function later(waitMs, action) {
  setTimeout(action, waitMs);
}

function draw() {
  const focused = document.activeElement?.dataset?.field;
  root.replaceChildren(top(), hero(), ...dialog(), ...cookieBanner());
  if (focused) root.querySelector(`[data-field="${focused}"]`)?.focus();
}

function top() {
  const brand = element(
    "span",
    { class: "brand" },
    element("img", { src: "/assets/icon.svg", alt: "", width: 26, height: 26 }),
    "Kosmi ",
    element("span", { class: "note" }, "stand-in"),
  );
  const open = () => {
    set({ step: "opening" });
    later(login.dialogDelayMs, () => set({ step: "choices" }));
  };
  const right = state.account !== null
    ? element("span", { class: "account" }, `Signed in as ${state.account}`)
    : login.button === "none"
    ? ""
    : element("button", { class: "quiet", type: "button", onclick: open }, login.button);
  return element("header", { class: "top" }, brand, right);
}

function hero() {
  return element(
    "main",
    { class: "hero" },
    element("h1", {}, "Watch together, wherever you are"),
    element("p", {}, "Virtual living rooms for films, games and long evenings with friends."),
    element(
      "div",
      { class: "go" },
      element("a", { class: "primary", href: "/room/@movienight" }, "Visit Movie Night"),
    ),
  );
}

function dialog() {
  const content = {
    opening: () => [element("div", { class: "spinner" })],
    choices: drawChoices,
    form: drawForm,
    broken: () => [element("p", {}, "Something went wrong. Please try again later.")],
    captcha: () => [
      element("p", {}, "Please confirm that you are human."),
      element("iframe", { src: "/page/recaptcha/frame", title: "reCAPTCHA" }),
    ],
    code: drawCode,
  }[state.step];
  if (content === undefined) return [];
  const box = element(
    "div",
    { class: "dialog", role: "dialog", "aria-modal": "true", "aria-labelledby": "dialog-title" },
    element("h2", { id: "dialog-title" }, "Welcome to Kosmi"),
    ...content(),
  );
  return [element("div", { class: "veil" }, box)];
}

function drawChoices() {
  const toForm = () =>
    later(login.dialogDelayMs, () => set({ step: login.form === "missing" ? "broken" : "form" }));
  const email = login.emailButton === "none"
    ? ""
    : element("button", { class: "quiet", type: "button", onclick: toForm }, login.emailButton);
  return [element(
    "div",
    { class: "choices" },
    element("button", { class: "quiet", type: "button" }, "Login with Google"),
    element("button", { class: "quiet", type: "button" }, "Login with Discord"),
    email,
  )];
}

/** A field that shows the state and takes only what a person types. */
function controlled(field, attributes) {
  const input = element("input", { ...attributes, "data-field": field });
  input.value = state[field];
  input.addEventListener("input", (event) => {
    if (event.isTrusted) state[field] = input.value;
    else input.value = state[field];
  });
  return input;
}

function field(name, label, attributes) {
  if (login.bareFields) {
    return controlled(name, {
      placeholder: label,
      type: name === "password" ? "password" : "text",
    });
  }
  return element("label", {}, label, controlled(name, attributes));
}

function drawForm() {
  const form = element(
    "form",
    { novalidate: "" },
    field("email", "Email", { type: "email", name: "email", autocomplete: "username" }),
    field("password", "Password", {
      type: "password",
      name: "password",
      autocomplete: "current-password",
    }),
    ...drawError(),
    submitButton(login.submitButton),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit({ email: state.email, password: state.password });
  });
  return [form];
}

function drawCode() {
  const form = element(
    "form",
    {},
    element(
      "label",
      {},
      "Enter the 6-digit verification code from your email",
      controlled("code", { inputmode: "numeric", autocomplete: "one-time-code", name: "code" }),
    ),
    ...drawError(),
    submitButton("Verify"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit({ email: state.email, password: state.password, code: state.code });
  });
  return [form];
}

function submitButton(label) {
  const button = element("button", { class: "primary", type: "submit" }, state.busy ? "…" : label);
  button.disabled = state.busy;
  return button;
}

function drawError() {
  if (state.error === null) return [];
  const role = login.alertRole ? { role: "alert" } : {};
  return [element("p", { class: "message", ...role }, state.error)];
}

function cookieBanner() {
  if (!state.cookies) return [];
  const away = () => set({ cookies: false });
  return [element(
    "div",
    { class: "cookies" },
    element(
      "div",
      { role: "region", "aria-label": "Cookies" },
      element("p", {}, "We value your privacy. We use cookies to keep you signed in."),
      element(
        "span",
        {},
        element("button", { class: "quiet", type: "button", onclick: away }, "Reject all"),
        element("button", { class: "primary", type: "button", onclick: away }, "Accept all"),
      ),
    ),
  )];
}

async function submit(credentials) {
  set({ busy: true, error: null });
  const response = await fetch("/page/login", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(credentials),
  });
  const answer = await response.json();
  if (!response.ok) return set({ busy: false, error: answer.error });
  if (answer.challenge) {
    return set({ busy: false, step: answer.challenge === "captcha" ? "captcha" : "code" });
  }
  if (login.tokenAfterMs === null) return;
  later(login.tokenAfterMs, () => {
    if (!login.tokenUnchanged) localStorage.setItem("token", answer.token);
    set({ busy: false, step: "closed", account: answer.name, email: "", password: "" });
  });
}

/** A visitor without a token gets an anonymous one, a moment after the page is there. */
async function becomeAnonymous() {
  if (localStorage.getItem("token") !== null) return;
  const response = await fetch(config.httpEndpoint, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "mutation { anonLogin { token } }" }),
  });
  const { data } = await response.json();
  if (localStorage.getItem("token") === null) localStorage.setItem("token", data.anonLogin.token);
}

if (login.anonymousTokenAfterMs !== null) later(login.anonymousTokenAfterMs, becomeAnonymous);
later(login.renderDelayMs, draw);
