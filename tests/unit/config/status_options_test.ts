import assert from "node:assert/strict";
import { secretsOf } from "../../../src/config/options/secrets.ts";
import { configOf, faultsOf, load, sample, warningsOf } from "./sample.ts";

const TOKEN = "sixteen-or-more-characters";

Deno.test("StatusListen is read, with its token as a secret", async () => {
  const config = await configOf(sample({
    general: `StatusListen="[::1]:9180"\nStatusToken="${TOKEN}"\nStatusShowMessages=true`,
  }));
  const { statusListen, statusToken, statusShowMessages } = config.general;
  assert.deepEqual(statusListen, { host: "::1", port: 9180 });
  assert.deepEqual([statusToken, statusShowMessages], [TOKEN, true]);
  assert.ok(secretsOf(config).includes(TOKEN));
});

Deno.test("StatusListen needs no token where only this machine reaches it", async () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "[::1]"]) {
    const loaded = await load(sample({ general: `StatusListen="${host}:9180"` }));
    assert.deepEqual([faultsOf(loaded), warningsOf(loaded)], [[], []], host);
  }
});

Deno.test("StatusListen needs a token where others reach it", async () => {
  for (
    const host of ["0.0.0.0", "", "[::]", "192.168.1.5", "relay.example.org", "127.example.org"]
  ) {
    const general = `StatusListen="${host}:9180"`;
    const [fault = "", ...more] = faultsOf(await load(sample({ general })));
    assert.match(
      fault,
      /^m\.toml:2: general\.StatusListen: found "[^"]+", which others can reach: set StatusToken/,
    );
    assert.deepEqual(more, []);
    const loaded = await load(sample({ general: `${general}\nStatusToken="${TOKEN}"` }));
    assert.deepEqual([faultsOf(loaded), warningsOf(loaded)], [[], []], host);
    const env = { MATTERBRIDGE_GENERAL_STATUSTOKEN: TOKEN };
    assert.deepEqual(faultsOf(await load(sample({ general }), env)), []);
  }
});

Deno.test("a short StatusToken is warned of where others can try it", async () => {
  const general = 'StatusListen="0.0.0.0:9180"\nStatusToken="short"';
  const [warning = "", ...more] = warningsOf(await load(sample({ general })));
  assert.match(warning, /^m\.toml:3: general\.StatusToken: is short .*16 random characters/);
  assert.equal(warning.includes('"short"'), false);
  assert.deepEqual(more, []);
});

Deno.test("what belongs to the status page has no effect without StatusListen", async () => {
  const general = `StatusToken="${TOKEN}"\nStatusShowMessages=true`;
  assert.deepEqual(warningsOf(await load(sample({ general }))), [
    "m.toml:2: general.StatusToken: has no effect without StatusListen",
    "m.toml:3: general.StatusShowMessages: has no effect without StatusListen",
  ]);
});
