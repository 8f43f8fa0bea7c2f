import assert from "node:assert/strict";
import { COMBINATIONS } from "../unit/bridges/kosmi/learning/app_variants.ts";
import { needs } from "../support/skip.ts";
import { startRelay } from "../support/relay_process.ts";
import { Patient } from "./doctor/patient.ts";

needs("chromium")(
  "a login's browser shows how the web app speaks, where the relay itself can't read it",
  async () => {
    const variants = {
      ...COMBINATIONS["everything at once"],
      introspection: "off",
      bundle: "ast",
      bundleFor: "browsers",
    } as const;
    await using patient = await Patient.create({ kosmi: { variants } });
    const config = patient.config({ kosmi: 'Email="bot@example.org"\nPassword="s3cr3t horse"' });
    const env = { MATTERBRIDGE_DATA_DIR: patient.data.path };
    await using relay = await startRelay({ config, env });
    await relay.waitForLog(/msg="in #films"/, { timeoutMs: 60_000 });
    await relay.waitForLog(/msg="in main"/, { timeoutMs: 60_000 });
    patient.kosmi.say("@movienight", { name: "Ada" }, "seen by the browser");
    await patient.irc.waitForMessage("#films", /<Ada> seen by the browser/);
    const kept = await Deno.readTextFile(`${patient.data.path}/kosmi_protocol.json`);
    assert.match(kept, /sendMessage/);
    assert.doesNotMatch(kept, /eyJ|s3cr3t|bot@example|Relay Bot|@movienight/);
  },
);
