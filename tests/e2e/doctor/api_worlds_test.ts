import assert from "node:assert/strict";
import { Matterbridge } from "../../sandbox/matterbridge/server.ts";
import { freePort } from "../../support/ports.ts";
import { complaints, Patient, rowOf } from "./patient.ts";

const TOKEN = "right-token-of-matterbridge";

/** The patient's configuration with both accounts in its gateway. */
function configOf(patient: Patient, api: string, matterbridge: string): string {
  const endpoints = ["api.bots", "matterbridge.there"].map((account) =>
    `[[gateway.inout]]\naccount="${account}"\nchannel="api"\n`
  );
  const sections = `[api.bots]\n${api}\n[matterbridge.there]\nGateway="g"\n${matterbridge}\n`;
  return `${sections}${patient.config()}${endpoints.join("")}`;
}

Deno.test("doctor sees that the API can listen and that Matterbridge greets", async () => {
  await using patient = await Patient.create();
  await using there = await Matterbridge.start({ token: TOKEN });
  const api = `BindAddress="127.0.0.1:${freePort()}"`;
  const found = await patient.examine(
    configOf(patient, api, `URL="${there.url}"\nToken="${TOKEN}"`),
  );
  assert.deepEqual(complaints(found), []);
  assert.match(rowOf(found, "api.bots", "port").seen, /can listen/);
  assert.match(rowOf(found, "matterbridge.there", "connection").seen, /greets/);
  assert.deepEqual([there.lists, there.posts], [0, []], "nothing was taken or said");
});

Deno.test("doctor finds a port of the API that is taken, and a wrong token", async () => {
  await using patient = await Patient.create();
  await using there = await Matterbridge.start({ token: TOKEN });
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const found = await patient.examine(
    configOf(
      patient,
      `BindAddress="127.0.0.1:${taken.addr.port}"`,
      `URL="${there.url}"\nToken="wrong-token"`,
    ),
  );
  assert.deepEqual(complaints(found).toSorted(), [
    "api.bots port: broken",
    "matterbridge.there connection: broken",
  ]);
  assert.match(rowOf(found, "api.bots", "port").seen, /Cannot listen on .*in use/);
  const { seen, remedy } = rowOf(found, "matterbridge.there", "connection");
  assert.match(seen, /HTTP 401/);
  assert.match(remedy ?? "", /Token/);
  assert.doesNotMatch(found.output, /wrong-token|right-token/);
});
