import type { IncomingMessage, ServerResponse } from "node:http";
import type { KosmiCore } from "./core.ts";
import { KosmiError } from "./errors.ts";
import { isRecord } from "./frames.ts";
import { readBody, reply, replyJson } from "./http_tools.ts";
import { answerLogin } from "./login.ts";
import { PATHS } from "./paths.ts";
import type { KosmiUser } from "./users.ts";
import { bundleOf } from "./web_app/bundle.ts";
import { type AppDocument, appDocuments } from "./web_app/documents.ts";

const PAGE_FOLDER = new URL("./page/", import.meta.url);

const TYPES: Readonly<Record<string, string>> = {
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
};

function readingsOf(documents: Readonly<Record<string, AppDocument>>): object {
  return Object.fromEntries(
    Object.entries(documents).map(([title, { reading }]) => [title, reading]),
  );
}

/** A captcha's box, as far as a browser driver can see it. */
const CAPTCHA =
  `<!doctype html><title>reCAPTCHA</title><body style="font:14px sans-serif;margin:20px;background:#f9f9f9;color:#222">
<label><input type="checkbox"> I'm not a robot</label>`;

/**
 * The web app: its two pages from the folder `page`, and what these pages ask of the server besides GraphQL (`/page/…`,
 * which the real service does otherwise and nobody but our pages may use).
 */
export class WebApp {
  readonly #core: KosmiCore;

  constructor(core: KosmiCore) {
    this.#core = core;
  }

  async answer(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    if (path.startsWith("/page/") && request.method === "POST") {
      return await this.#act(request, response, path);
    }
    if (path === "/") return await this.#page(response, "login.html");
    if (/^\/room\/[^/]+\/?$/.test(path)) return await this.#page(response, "room.html");
    if (path === "/page/recaptcha/frame") {
      return reply(response, 200, CAPTCHA, "text/html; charset=utf-8");
    }
    if (path === "/core.js") return this.#bundle(request, response);
    const asset = /^\/assets\/([a-z_]+\.(css|js|svg))$/.exec(path);
    const [, name, ending] = asset ?? [];
    if (name === undefined || ending === undefined) return reply(response, 404, "Not found");
    const bytes = await Deno.readFile(new URL(name, PAGE_FOLDER)).catch(() => null);
    if (bytes === null) return reply(response, 404, "Not found");
    reply(response, 200, bytes, TYPES[ending]);
  }

  async #page(response: ServerResponse, name: string): Promise<void> {
    const template = await Deno.readTextFile(new URL(name, PAGE_FOLDER));
    const host = response.req.headers.host ?? "127.0.0.1";
    const config = {
      httpEndpoint: PATHS.engine,
      wsEndpoint: `ws://${host}${PATHS.socket}`,
      login: this.#core.variants.login,
      readings: readingsOf(appDocuments(this.#core.variants)),
    };
    const json = JSON.stringify(config).replaceAll("<", "\\u003c");
    reply(response, 200, template.replace('"%CONFIG%"', () => json), "text/html; charset=utf-8");
  }

  /** The app's own code, as a build of it would be. */
  #bundle(request: IncomingMessage, response: ServerResponse): void {
    const { bundle, bundleFor, appVersion } = this.#core.variants;
    const isBrowser = request.headers["sec-fetch-dest"] !== undefined;
    if (bundleFor === "browsers" && !isBrowser) return reply(response, 403, "Forbidden");
    const documents = Object.entries(appDocuments(this.#core.variants));
    const code = bundleOf({
      form: bundle,
      documents: Object.fromEntries(documents.map(([title, { text }]) => [title, text])),
      variables: Object.fromEntries(documents.map(([title, { variables }]) => [title, variables])),
      v: appVersion,
    });
    reply(response, 200, code, TYPES["js"]);
  }

  async #act(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const given: unknown = JSON.parse((await readBody(request)).toString());
    const body = isRecord(given) ? given : {};
    if (path === "/page/login") return answerLogin(this.#core, body, response);
    const check = this.#core.users.check(body["token"]);
    if (check.kind !== "valid") return replyJson(response, 401, { error: "Not signed in" });
    const { user } = check;
    try {
      if (path === "/page/name") this.#core.rename(user, String(body["name"]));
      else if (path === "/page/action") this.#change(user, body);
      else if (path !== "/page/me") return replyJson(response, 404, { error: "Not found" });
    } catch (error) {
      if (!(error instanceof KosmiError)) throw error;
      return replyJson(response, 422, { error: error.message });
    }
    replyJson(response, 200, { id: user.id, name: user.displayName, anonymous: user.isAnonymous });
  }

  #change(user: KosmiUser, body: Record<string, unknown>): void {
    const { chat } = this.#core;
    const room = chat.room(String(body["roomId"]));
    const id = String(body["messageId"]);
    if (body["action"] === "react") {
      chat.toggleReaction(room, id, user, String(body["emoji"]));
      return;
    }
    if (room.find(id)?.user.id !== user.id) throw new KosmiError("NOT_YOUR_MESSAGE");
    if (body["action"] === "delete") chat.delete(room, id);
    if (body["action"] === "edit") chat.edit(room, id, String(body["text"]));
  }
}
