import assert from "node:assert/strict";
import { compileOptions, TARGETS } from "../../../build/options.ts";
import { permissionFlags, platformOf } from "../../../build/permissions.ts";
import { bill } from "../../../build/sbom.ts";

const HOST = "x86_64-unknown-linux-gnu";

Deno.test("compileOptions() bakes ./data and ./matterbridge.toml unless it is told others", () => {
  assert.deepEqual(compileOptions([], HOST), {
    target: HOST,
    output: "kosmi-relay",
    dataDirectory: "data",
    config: "matterbridge.toml",
    browser: true,
  });
  const args = [
    "--data-dir=/var/lib/r/",
    "--config",
    "/etc/r.toml",
    "--target=x86_64-pc-windows-msvc",
    "--without-browser",
  ];
  assert.deepEqual(compileOptions(args, HOST), {
    target: "x86_64-pc-windows-msvc",
    output: "kosmi-relay.exe",
    dataDirectory: "/var/lib/r",
    config: "/etc/r.toml",
    browser: false,
  });
  assert.equal(compileOptions(["--help"], HOST), null);
});

Deno.test("compileOptions() refuses what would allow everything, or nothing that exists", () => {
  for (const arg of ["--data-dir=/", "--data-dir=", "--config=", "--target=plan9", "--sbom"]) {
    assert.throws(() => compileOptions([arg], HOST), arg);
  }
});

Deno.test("permissionFlags() allows no file, program or variable without its name", () => {
  const paths = { dataDirectory: "data", config: "matterbridge.toml", browser: true };
  for (const target of TARGETS) {
    const flags = permissionFlags(paths, platformOf(target));
    const named = flags.filter((flag) =>
      /^--allow-(?:read|write|run|env|sys|ffi|import)/.test(flag)
    );
    assert.ok(named.every((flag) => /=[^=]*[^=,]$/.test(flag)), flags.join("\n"));
    assert.ok(flags.includes("--no-prompt") && flags.includes("--ignore-env"));
    assert.ok(!flags.some((flag) => /^--allow-(?:all|ffi|import)|^-A/.test(flag)));
  }
});

Deno.test("permissionFlags() names no program for a binary without browser", () => {
  const paths = { dataDirectory: "data", config: "matterbridge.toml", browser: false };
  const flags = permissionFlags(paths, "linux");
  assert.ok(!flags.some((flag) => /allow-run|chrom/.test(flag)), flags.join("\n"));
  assert.ok(flags.some((flag) => flag.startsWith("--deny-net=169.254.169.254,")));
});

Deno.test("permissionFlags() keeps a comma in a path", () => {
  const flags = permissionFlags(
    { dataDirectory: "/a,b", config: "c.toml", browser: true },
    "windows",
  );
  assert.ok(flags.includes("--allow-write=/a,,b"), flags.join("\n"));
});

Deno.test("bill() lists what is imported and what that needs, once, and nothing else", () => {
  const manifest = {
    version: "1.2.3",
    imports: { ws: "npm:ws@^8", "a/b": "npm:@x/a@1/b", t: "npm:t@1" },
  };
  const lock = {
    specifiers: { "npm:ws@^8": "8.1.0", "npm:@x/a@1": "1.0.0_ws@8.1.0", "npm:t@1": "1.0.0" },
    npm: {
      "ws@8.1.0": { integrity: "sha512-AAEC", dependencies: ["deep"] },
      "@x/a@1.0.0_ws@8.1.0": { dependencies: ["ws"] },
      "deep@2.0.0": { dependencies: ["ws"] },
      "t@1.0.0": {},
    },
  };
  const made = JSON.stringify(bill(manifest, lock, new Set(["ws/lib", "a/b"])));
  const purls = [...made.matchAll(/"purl":"([^"]*)"/g)].map(([, purl]) => purl);
  assert.deepEqual(purls, ["pkg:npm/%40x/a@1.0.0", "pkg:npm/deep@2.0.0", "pkg:npm/ws@8.1.0"]);
  assert.match(made, /"alg":"SHA-512","content":"000102"/);
});
