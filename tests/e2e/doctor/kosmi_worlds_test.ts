import assert from "node:assert/strict";
import type { KosmiSandbox, VariantChange } from "../../sandbox/kosmi/mod.ts";
import { freePort } from "../../support/ports.ts";
import { startRelay } from "../../support/relay_process.ts";
import { CHANNEL, complaints, Patient, type PatientConfig, rowOf } from "./patient.ts";

interface BrokenWorld {
  readonly name: string;
  readonly variants?: VariantChange;
  readonly config?: PatientConfig | ((kosmi: KosmiSandbox) => PatientConfig);
  readonly complaints: readonly string[];
  readonly check: string;
  readonly seen: RegExp;
  readonly remedy: RegExp;
}

const REFUSED_TOKEN = { init: "refuse" } as const;

const WORLDS: readonly BrokenWorld[] = [
  {
    name: "an Origin that is not accepted",
    variants: { http: { status: 403 }, upgrade: { status: 403 } },
    complaints: ["HTTP: broken"],
    check: "HTTP",
    seen: /HTTP 403: it does not accept the Origin/,
    remedy: /AppURL/,
  },
  {
    name: "a WebSocket that answers 403",
    variants: { upgrade: { status: 403 } },
    complaints: ["WebSocket: broken"],
    check: "WebSocket",
    seen: /HTTP 403: it does not accept the Origin/,
    remedy: /WSEndpoint/,
  },
  {
    name: "an endpoint that answers HTTP 500",
    variants: { http: { status: 500 } },
    complaints: ["HTTP: broken"],
    check: "HTTP",
    seen: /HTTP 500/,
    remedy: /Kosmi itself is in trouble/,
  },
  {
    name: "a web page in place of the endpoint",
    variants: { http: { html: true } },
    complaints: ["HTTP: broken"],
    check: "HTTP",
    seen: /a web page/,
    remedy: /HTTPEndpoint/,
  },
  {
    name: "an endpoint where nobody listens",
    config: () => ({ httpEndpoint: `http://127.0.0.1:${freePort()}/` }),
    complaints: ["HTTP: broken"],
    check: "HTTP",
    seen: /refused/i,
    remedy: /HTTPEndpoint/,
  },
  {
    name: "a WebSocket where nobody listens",
    config: () => ({ wsEndpoint: `ws://127.0.0.1:${freePort()}/gql-ws` }),
    complaints: ["WebSocket: broken"],
    check: "WebSocket",
    seen: /Cannot reach Kosmi/,
    remedy: /WSEndpoint/,
  },
  {
    name: "a WebSocket that answers 503",
    variants: { upgrade: { status: 503 } },
    complaints: ["WebSocket: broken"],
    check: "WebSocket",
    seen: /HTTP 503/,
    remedy: /wait/,
  },
  {
    name: "a token that is refused",
    variants: REFUSED_TOKEN,
    config: (kosmi) => ({ kosmi: `Token="${kosmi.issueToken({ email: "bot@example.org" })}"` }),
    complaints: ["token accepted: broken"],
    check: "token accepted",
    seen: /refused the token: UNAUTHORIZED/,
    remedy: /new Token/,
  },
  {
    name: "a visitor who is refused",
    variants: REFUSED_TOKEN,
    complaints: ["token accepted: broken"],
    check: "token accepted",
    seen: /refused the anonymous token/,
    remedy: /Email and Password/,
  },
  {
    name: "a configured token that is expired",
    config: (kosmi) => ({
      kosmi: `Token="${kosmi.issueToken({ email: "bot@example.org", expInDays: -3 })}"`,
    }),
    complaints: ["token: broken"],
    check: "token",
    seen: /configured token of user \S+ expired on \d{4}-/,
    remedy: /new Token/,
  },
  {
    name: "a configured token that expires soon",
    config: (kosmi) => ({
      kosmi: `Token="${kosmi.issueToken({ email: "bot@example.org", expInDays: 3 })}"`,
    }),
    complaints: ["token: warning"],
    check: "token",
    seen: /good only until .* \([23] days\)/,
    remedy: /new Token/,
  },
  {
    name: "an email without a password and without a cached token",
    config: { kosmi: 'Email="bot@example.org"' },
    complaints: ["token: broken"],
    check: "token",
    seen: /no Password is set/,
    remedy: /token import/,
  },
  {
    name: "a login that Kosmi shows as anonymous",
    variants: { loggedInShowsAnonymous: true },
    config: (kosmi) => ({ kosmi: `Token="${kosmi.issueToken({ email: "bot@example.org" })}"` }),
    complaints: ["identity: warning"],
    check: "identity",
    seen: /anonymous user .* although the token is of a login/,
    remedy: /token refresh/,
  },
  {
    name: "a room that is not there",
    config: (kosmi) => ({ room: kosmi.roomUrl("@nowhere") }),
    complaints: ["room @nowhere: broken"],
    check: "room @nowhere",
    seen: /has no room "@nowhere"/,
    remedy: /copy the room's address/,
  },
  {
    name: "a private room, for a visitor",
    config: (kosmi) => ({ room: kosmi.roomUrl("@backstage") }),
    complaints: ["room @backstage: broken"],
    check: "room @backstage",
    seen: /does not let the relay into/,
    remedy: /Email and Password/,
  },
  {
    name: "a body that is called otherwise",
    variants: { renamed: { "Message.body": "content" } },
    complaints: [
      "schema MessageEditedSubscription: warning",
      "schema NewMessageSubscription: warning",
      "schema RoomChatQuery: warning",
    ],
    check: "schema NewMessageSubscription",
    seen: /field body is content now/,
    remedy: /overrides/,
  },
  {
    name: "a body that is called otherwise, where the schema is hidden",
    variants: { renamed: { "Message.body": "content" }, introspection: "off" },
    complaints: [
      "schema MessageEditedSubscription: warning",
      "schema NewMessageSubscription: warning",
      "schema RoomChatQuery: warning",
    ],
    check: "schema NewMessageSubscription",
    seen: /field body is content now/,
    remedy: /overrides/,
  },
  {
    name: "messages without a text",
    variants: { missing: ["Message.body"] },
    complaints: [
      "schema MessageEditedSubscription: warning",
      "schema NewMessageSubscription: broken",
      "schema RoomChatQuery: warning",
    ],
    check: "schema NewMessageSubscription",
    seen: /field body is gone/,
    remedy: /newer kosmi-relay/,
  },
  {
    name: "an operation that is missing",
    variants: { missing: ["RootMutationType.sendMessage", "RootMutationType.sendMessage2"] },
    complaints: ["schema SendMessage2: warning", "schema SendMessage: broken"],
    check: "schema SendMessage",
    seen: /no longer has .*mutation sendMessage/,
    remedy: /overrides/,
  },
  {
    name: "an operation that is missing, where the schema is hidden",
    variants: {
      missing: ["RootMutationType.sendMessage", "RootMutationType.sendMessage2"],
      introspection: "off",
    },
    complaints: ["schema SendMessage2: warning", "schema SendMessage: broken"],
    check: "schema SendMessage",
    seen: /no longer has .*mutation sendMessage/,
    remedy: /overrides/,
  },
];

for (const world of WORLDS) {
  Deno.test(`doctor finds ${world.name}`, async () => {
    await using patient = await Patient.create({ kosmi: { variants: world.variants ?? {} } });
    const given = world.config ?? {};
    const config = patient.config(typeof given === "function" ? given(patient.kosmi) : given);
    const found = await patient.examine(config);
    const expected = world.complaints.map((complaint) => `kosmi.test ${complaint}`);
    const heard = complaints(found).filter((one) => one.startsWith("kosmi.test")).toSorted();
    assert.deepEqual(heard, expected);
    const row = rowOf(found, "kosmi.test", world.check);
    assert.match(row.seen, world.seen);
    assert.match(row.remedy ?? "", world.remedy);
    assert.doesNotMatch(found.output, /eyJ[\w-]{20}/);
  });
}

Deno.test("doctor carries out no mutation while it looks at the schema", async () => {
  await using patient = await Patient.create({ kosmi: { variants: { introspection: "off" } } });
  const found = await patient.examine(patient.config());
  assert.equal(found.code, 0);
  assert.equal(patient.kosmi.messageCount("@movienight"), 0);
  const frames = patient.kosmi.log().map((entry) => JSON.stringify(entry));
  const aimed = frames.filter((frame) => frame.includes("kosmi-relay-doctor-no-room"));
  assert.ok(aimed.length > 0);
  const carriedOut = aimed.filter((frame) => !frame.includes("kosmiRelayDoctorChecksOnly"));
  assert.deepEqual(carriedOut, []);
});

Deno.test("doctor --send finds messages that go nowhere", async () => {
  const variants: VariantChange = { lostSends: "all" };
  await using patient = await Patient.create({ kosmi: { variants } });
  const blind = await patient.examine(patient.config());
  assert.deepEqual(complaints(blind), []);
  const limits = "[kosmi.test.overrides.limits]\nseenTimeoutMs=1500";
  const found = await patient.examine(patient.config({ kosmi: limits }), { args: ["--send"] });
  assert.deepEqual(complaints(found), ["kosmi.test own messages @movienight: broken"]);
});

Deno.test("doctor does not end the stay of a relay that has the same login", async () => {
  await using patient = await Patient.create();
  const token = patient.kosmi.issueToken({ email: "bot@example.org" });
  const config = patient.config({ kosmi: `Token="${token}"` });
  const env = { MATTERBRIDGE_DATA_DIR: patient.data.path };
  await using relay = await startRelay({ config, env });
  await relay.waitForLog(/msg="in main"/);
  await relay.waitForLog(/msg="in #films"/);
  const found = await patient.examine(config);
  assert.deepEqual(complaints(found), []);
  assert.match(
    rowOf(found, "relay", "data directory").seen,
    /in use by the running relay \(pid \d+\)/,
  );
  assert.match(rowOf(found, "irc.test", "nick").seen, /as it should be: the relay runs/);
  patient.kosmi.say("@movienight", { name: "Ada" }, "still here?");
  await patient.irc.waitForMessage(CHANNEL, /still here\?/);
  assert.doesNotMatch(relay.output, /not connected|reconnect/);
});
