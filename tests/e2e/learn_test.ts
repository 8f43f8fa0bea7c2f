import assert from "node:assert/strict";
import { COMBINATIONS, KINDS } from "../unit/bridges/kosmi/learning/app_variants.ts";
import { startRelay } from "../support/relay_process.ts";
import { complaints, Patient, rowOf } from "./doctor/patient.ts";

const everything = { ...COMBINATIONS["everything at once"], introspection: "off" } as const;

async function learn(
  patient: Patient,
  ...args: string[]
): Promise<{ code: number; stdout: string }> {
  await using process = await startRelay({
    config: patient.config(),
    args: ["learn", ...args],
    env: { MATTERBRIDGE_DATA_DIR: patient.data.path },
  });
  const { code } = await process.waitForExit(60_000);
  return { code, stdout: process.stdout };
}

Deno.test("learn prints what the web app says beside what is built in, and keeps it for the relay alone", async () => {
  await using patient = await Patient.create({ kosmi: { variants: everything } });
  const { code, stdout } = await learn(patient);
  assert.equal(code, 0);
  assert.match(stdout, /operations in \d+ files of the web app, version 4364/);
  assert.match(stdout, /newMessage +subscription NewMessageSubscription \(roomStream\)/);
  assert.match(stdout, /deleteMessage +not found: as built in/);
  const file = `${patient.data.path}/kosmi_protocol.json`;
  assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  const printed = JSON.parse((await learn(patient, "--json")).stdout);
  const [account] = printed.accounts;
  assert.equal(account.account, "kosmi.test");
  assert.ok(account.others.some((one: string) => one.startsWith("query RoomRootQuery")));
});

Deno.test("learn says that the app can't be read, and why", async () => {
  await using patient = await Patient.create({ kosmi: { variants: { app: { status: 403 } } } });
  const { code, stdout } = await learn(patient);
  assert.equal(code, 1);
  assert.match(stdout, /answered with HTTP 403/);
});

Deno.test("a relay whose Kosmi has changed learns from the web app, and goes on after a restart without it", async () => {
  await using patient = await Patient.create({ kosmi: { variants: everything } });
  const start = () =>
    startRelay({
      config: patient.config(),
      env: { MATTERBRIDGE_DATA_DIR: patient.data.path },
    });
  for (const text of ["with the app", "without the app"]) {
    await using relay = await start();
    await relay.waitForLog(/msg="in #films"/);
    await relay.waitForLog(/msg="in main"/);
    patient.kosmi.say("@movienight", { name: "Ada" }, text);
    await patient.irc.waitForMessage("#films", new RegExp(text));
    patient.kosmi.setVariant({ app: { status: 403 } });
  }
});

Deno.test("doctor tells what the web app says, and its report holds no secrets", async () => {
  const variants = { ...KINDS["an input object"], introspection: "off" } as const;
  await using patient = await Patient.create({ kosmi: { variants } });
  patient.kosmi.say("@movienight", { name: "Ada Lovelace" }, "a private word");
  const token = patient.kosmi.issueToken({ email: "bot@example.org" });
  const report = `${patient.data.path}/report.json`;
  const found = await patient.examine(patient.config({ kosmi: `Token="${token}"` }), {
    args: ["--verbose", "--report", report],
  });
  assert.match(rowOf(found, "kosmi.test", "web app").seen, /of \d+ operations are in its code/);
  assert.match(
    rowOf(found, "kosmi.test", "schema SendMessage2").seen,
    /the web app says it otherwise/,
  );
  assert.match(rowOf(found, "kosmi.test", "room @movienight").seen, /joined/);
  assert.ok(
    found.rows.some(({ check, seen }) =>
      check === "web app has" && /RoomRootQuery|reaction/i.test(seen)
    ),
  );
  assert.ok(complaints(found).every((one) => one.includes("schema") || one.startsWith("irc")));
  const text = await Deno.readTextFile(report);
  assert.match(text, /NewMessageSubscription/);
  assert.match(text, /"displayName": "String"/);
  assert.doesNotMatch(
    text,
    /Ada|Lovelace|private word|eyJ|bot@example|127\.0\.0\.1|Relay Bot|[0-9a-f]{8}-[0-9a-f]{4}-/,
  );
});
