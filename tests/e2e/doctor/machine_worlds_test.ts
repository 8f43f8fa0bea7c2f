import assert from "node:assert/strict";
import { startRelay } from "../../support/relay_process.ts";
import { needs } from "../../support/skip.ts";
import { complaints, type Diagnosis, Patient, rowOf } from "./patient.ts";

const EMAIL = "bot@example.org";
const LOGIN = `Email="${EMAIL}"\nPassword="s3cr3t horse"`;

async function cacheToken(patient: Patient, expInDays: number, mode = 0o600): Promise<string> {
  const token = patient.kosmi.issueToken({ email: EMAIL, expInDays });
  const at = (days: number) =>
    new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z$/, "Z");
  const content = { token, email: EMAIL, expires_at: at(expInDays), saved_at: at(-1) };
  const path = patient.data.file("kosmi_token_cache.json");
  await Deno.writeTextFile(path, JSON.stringify(content), { mode });
  await Deno.chmod(path, mode);
  return token;
}

const heard = (found: Diagnosis, about: string) =>
  complaints(found).filter((one) => one.startsWith(about));

Deno.test("doctor finds nothing wrong in a world that is well", async () => {
  await using patient = await Patient.create();
  const found = await patient.examine(patient.config());
  assert.deepEqual(complaints(found), []);
  assert.equal(found.code, 0);
});

Deno.test("doctor finds a configuration that does not hold, with every fault of it", async () => {
  await using patient = await Patient.create();
  const config = patient.config({ irc: "MessageDelay=-5", server: "no port:x" });
  const found = await patient.examine(config);
  assert.equal(found.code, 2);
  const faults = found.rows.filter(({ state }) => state === "broken");
  assert.ok(faults.some(({ seen }) => /matterbridge\.toml:\d+: irc\.test\.Server/.test(seen)));
  assert.ok(faults.some(({ seen }) => /irc\.test\.MessageDelay/.test(seen)));
});

Deno.test("doctor finds a data directory that can't be used", async () => {
  await using patient = await Patient.create();
  await Deno.writeTextFile(patient.data.file("a-file"), "");
  const env = { MATTERBRIDGE_DATA_DIR: patient.data.file("a-file") };
  const found = await patient.examine(patient.config(), { env });
  assert.deepEqual(complaints(found), ["relay data directory: broken"]);
  const row = rowOf(found, "relay", "data directory");
  assert.match(row.seen, /it is not a folder/);
  assert.match(row.remedy ?? "", /MATTERBRIDGE_DATA_DIR/);
});

Deno.test("doctor finds a data directory that can't be written", async () => {
  await using patient = await Patient.create();
  const permissions = ["--allow-read", "--allow-env", "--allow-net", "--allow-sys"];
  const found = await patient.examine(patient.config(), { permissions });
  assert.deepEqual(complaints(found), ["relay data directory: broken"]);
  const row = rowOf(found, "relay", "data directory");
  assert.match(row.seen, /Cannot use the data directory/);
  assert.notEqual(row.remedy, null);
});

Deno.test("doctor finds a token file that others can read", async () => {
  await using patient = await Patient.create();
  const token = await cacheToken(patient, 100, 0o644);
  const found = await patient.examine(patient.config({ kosmi: `Email="${EMAIL}"` }));
  assert.deepEqual(heard(found, "relay privacy"), ["relay privacy: warning"]);
  const row = rowOf(found, "relay", "privacy");
  assert.match(row.seen, /kosmi_token_cache\.json \(mode 0644\)/);
  assert.match(row.remedy ?? "", /chmod 600 .*kosmi_token_cache\.json/);
  assert.ok(!found.output.includes(token));
});

Deno.test("doctor finds a configuration with a password that others can read", async () => {
  await using patient = await Patient.create();
  await using relay = await startRelay({
    config: patient.config({ irc: 'NickServPassword="hidden thing"' }),
    args: ["check"],
  });
  await relay.waitForExit();
  await Deno.chmod(relay.configPath, 0o644);
  const found = await patient.examineFile(relay.configPath);
  assert.deepEqual(heard(found, "relay configuration"), ["relay configuration: warning"]);
  assert.match(rowOf(found, "relay", "configuration").seen, /is valid/);
  assert.ok(!found.output.includes("hidden thing"));
});

Deno.test("doctor tells whose the cached token is and how long it lasts", async () => {
  await using patient = await Patient.create();
  await cacheToken(patient, 100);
  const found = await patient.examine(patient.config({ kosmi: `Email="${EMAIL}"` }));
  assert.deepEqual(heard(found, "kosmi.test"), []);
  assert.match(
    rowOf(found, "kosmi.test", "token").seen,
    /cached token of bot@example\.org, good until .* \(99 days\)/,
  );
  assert.match(rowOf(found, "kosmi.test", "identity").seen, /as "Relay Bot"/);
});

Deno.test("doctor finds a cached token that is expired and can't be renewed", async () => {
  await using patient = await Patient.create();
  await cacheToken(patient, -2);
  const found = await patient.examine(patient.config({ kosmi: `Email="${EMAIL}"` }));
  assert.deepEqual(heard(found, "kosmi.test"), ["kosmi.test token: broken"]);
  assert.match(
    rowOf(found, "kosmi.test", "token").seen,
    /cached token of bot@example\.org expired on/,
  );
  // Somebody else's eyes see whether the rest would do.
  assert.equal(rowOf(found, "kosmi.test", "room @movienight").state, "ok");
});

Deno.test("doctor finds a cached token that Kosmi refuses", async () => {
  await using patient = await Patient.create();
  const token = await cacheToken(patient, 100);
  patient.kosmi.revokeToken(token);
  const found = await patient.examine(patient.config({ kosmi: LOGIN }));
  assert.ok(heard(found, "kosmi.test").includes("kosmi.test token accepted: broken"));
  const row = rowOf(found, "kosmi.test", "token accepted");
  assert.match(row.remedy ?? "", /token refresh/);
});

Deno.test("doctor finds that there is no browser to log in with", async () => {
  await using patient = await Patient.create();
  await cacheToken(patient, 100);
  const nowhere = 'BrowserPath="/nonexistent/chromium"';
  const found = await patient.examine(patient.config({ kosmi: `${LOGIN}\n${nowhere}` }));
  assert.deepEqual(heard(found, "kosmi.test"), ["kosmi.test browser: broken"]);
  const row = rowOf(found, "kosmi.test", "browser");
  assert.match(row.seen, /Cannot find a browser at \/nonexistent\/chromium/);
  assert.match(row.remedy ?? "", /Install Chromium/);
});

Deno.test("doctor finds a browser that does not start", async () => {
  await using patient = await Patient.create();
  await cacheToken(patient, 100);
  const found = await patient.examine(
    patient.config({ kosmi: `${LOGIN}\nBrowserPath="/bin/false"` }),
  );
  assert.deepEqual(heard(found, "kosmi.test"), ["kosmi.test browser: broken"]);
  assert.match(rowOf(found, "kosmi.test", "browser").seen, /Cannot start the browser \/bin\/false/);
});

needs("chromium")("doctor --login logs in, and tells the browser's version", async () => {
  await using patient = await Patient.create();
  const config = patient.config({ kosmi: LOGIN });
  const before = await patient.examine(config);
  assert.deepEqual(heard(before, "kosmi.test"), ["kosmi.test token: warning"]);
  assert.match(rowOf(before, "kosmi.test", "browser").seen, /starts: \w*Chrom\w*\/\d+/i);
  const after = await patient.examine(config, { args: ["--login"] });
  assert.deepEqual(heard(after, "kosmi.test"), []);
  assert.match(rowOf(after, "kosmi.test", "identity").seen, /Relay Bot/);
  assert.ok(!after.output.includes("s3cr3t horse"));
});

Deno.test("doctor prints a table in which a failing row ends with what to do", async () => {
  await using patient = await Patient.create();
  const config = patient.config({ server: "irc.nowhere.invalid:6667" });
  const env = { MATTERBRIDGE_DATA_DIR: patient.data.path };
  await using doctor = await startRelay({ config, args: ["doctor"], env });
  const { code } = await doctor.waitForExit(60_000);
  assert.equal(code, 2);
  assert.match(doctor.stdout, /^BROKEN +irc\.test +DNS +.* -> check how Server is spelt.*$/m);
  assert.match(doctor.stdout, /^ok +relay +configuration /m);
  assert.match(doctor.stdout, /^1 problem, 0 warnings\.$/m);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(doctor.output, /\x1b/);
});
