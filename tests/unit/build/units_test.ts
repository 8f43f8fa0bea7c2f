import assert from "node:assert/strict";

const UNITS = new URL("../../../packaging/systemd/", import.meta.url);

/** Lines without comments: what a unit grants and takes away. */
async function linesOf(name: string): Promise<string[]> {
  const text = await Deno.readTextFile(new URL(name, UNITS));
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

Deno.test("the unit of several relays restricts each as the unit of one does", async () => {
  const one = await linesOf("kosmi-relay.service");
  const many = await linesOf("kosmi-relay@.service");
  const asOne = many.map((line) =>
    line.replace(" (%i)", "").replace("/kosmi-relay/%i.toml", "/kosmi-relay/matterbridge.toml")
      .replace("kosmi-relay/%i", "kosmi-relay")
  );
  assert.deepEqual(asOne, one);
  const own = many.filter((line) => line.includes("%i")).map((line) => line.split("=")[0]);
  assert.deepEqual(own, ["Description", "StateDirectory", "WorkingDirectory", "LoadCredential"]);
});
