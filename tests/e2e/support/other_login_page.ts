import { makeJwt } from "../../unit/auth/tokens.ts";

/** A login page that shares nothing with the stand-in Kosmi's. */
export interface OtherLoginPage extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
}

/**
 * Serves a page whose login is a link that does nothing for its first second, asks for the email first and for the
 * password on the next page (in a frame, or in a shadow root), has buttons that are no buttons, and stores the token as
 * JSON after going to another address.
 */
export function serveOtherLoginPage(home: "frame" | "shadow"): OtherLoginPage {
  const token = makeJwt({ sub: "other", exp: Math.floor(Date.now() / 1000) + 86_400 * 300 });
  const pages: Record<string, string> = {
    "/": `<nav><a href="#" id="in">Log in</a> <a href="#">Log in with Google</a></nav>
      <input type="text" placeholder="Search rooms">
      <script>setTimeout(() => {
        document.getElementById("in").onclick = () => { location.href = "/email"; return false; };
      }, 1000);</script>`,
    "/email": `<form action="/password"><p>E-mail address</p><input type="email" name="who">
      <button>Next</button></form>`,
    "/password": home === "frame"
      ? `<iframe src="/form" width="500" height="300"></iframe>`
      : `<div id="host"></div><script>
          const root = document.getElementById("host").attachShadow({ mode: "open" });
          root.innerHTML = ${JSON.stringify(passwordForm())};
          ${wireForm("root")}</script>`,
    "/form": `${passwordForm()}<script>${wireForm("document")}</script>`,
    "/home": `<h1>Welcome back</h1><script>
      setTimeout(() => localStorage.setItem("token", JSON.stringify("${token}")), 300);</script>`,
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const page = pages[new URL(request.url).pathname];
    const headers = { "content-type": "text/html; charset=utf-8" };
    return page === undefined
      ? new Response("", { status: 404 })
      : new Response(`<!doctype html><body>${page}</body>`, { headers });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    token,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function passwordForm(): string {
  return `<section><input type="password" id="secret" aria-label="Your password">
    <div role="button" tabindex="0" aria-disabled="true" id="go">Continue</div></section>`;
}

/** The button wakes when something was typed, and knows only this one password. */
function wireForm(root: string): string {
  return `
    const secret = ${root}.getElementById("secret"), go = ${root}.getElementById("go");
    secret.addEventListener("input", () => setTimeout(() => go.setAttribute("aria-disabled", "false"), 200));
    go.addEventListener("click", () => {
      if (go.getAttribute("aria-disabled") === "true" || secret.value !== "s3cr3t horse") return;
      top.location.href = "/home";
    });`;
}
