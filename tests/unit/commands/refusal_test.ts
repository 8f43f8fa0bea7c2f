import assert from "node:assert/strict";
import type { BuildInfo } from "../../../src/commands/shared/build_info.ts";
import { refusal } from "../../../src/commands/shared/refusal.ts";

const USUAL: BuildInfo = { commit: "x", dataDirectory: "data", config: "matterbridge.toml" };
const MOVED: BuildInfo = { commit: "x", dataDirectory: "/var/lib/r", config: "/etc/r.toml" };

Deno.test("refusal() names what was refused, what the binary was built to touch, and what to do", () => {
  assert.equal(
    refusal({ kind: "config", path: "/etc/x.toml" }, USUAL).message,
    "Cannot read the configuration /etc/x.toml: this program was built to touch only its data directory " +
      "(data in the folder where it is started) and its configuration (matterbridge.toml in the folder where it " +
      "is started). Move the file there, or rebuild with deno task compile --config=/etc/x.toml.",
  );
  assert.equal(
    refusal({ kind: "data", path: "/srv/d" }, MOVED).message,
    "Cannot use the data directory /srv/d: this program was built to touch only its data directory (/var/lib/r) " +
      "and its configuration (/etc/r.toml). Leave MATTERBRIDGE_DATA_DIR unset or set it to that folder, or rebuild " +
      "with deno task compile --data-dir=/srv/d.",
  );
  assert.match(
    refusal({ kind: "file", path: "/x.pem", key: "TLSClientCertificate" }, USUAL).message,
    /^Cannot read \/x\.pem, which TLSClientCertificate names: .* set TLSClientCertificate to it\.$/,
  );
});

Deno.test("refusal() writes a command that a shell takes as it is meant", () => {
  const said = refusal({ kind: "config", path: "/home/me/it's mine/r.toml" }, USUAL).message;
  assert.ok(said.endsWith(`--config='/home/me/it'\\''s mine/r.toml'.`), said);
});
