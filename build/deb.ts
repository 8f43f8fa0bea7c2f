/**
 * Builds a Debian package of the relay: binary, unit, completions, manual page, configuration, a system user.
 *   deno task package:deb [--output=FILE] [--binary=FILE]
 * The binary is compiled for the places that the package uses, unless one is given.
 */
import { parseArgs } from "node:util";

const ROOT = new URL("../", import.meta.url).pathname;
const DATA = "/var/lib/kosmi-relay";
const CONFIG = "/etc/kosmi-relay/matterbridge.toml";
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: "amd64", aarch64: "arm64" };
const MAINTAINER = "kosmi-relay contributors <kosmi-relay@users.noreply.github.com>";
const COMMANDS = ["", "init", "run", "check", "doctor", "token", "health", "reload", "completions"];

if (import.meta.main) Deno.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: { output: { type: "string" }, binary: { type: "string" } },
  });
  const { version } = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const architecture = ARCHITECTURES[Deno.build.arch] ?? "amd64";
  const output = values.output ?? `kosmi-relay_${version}_${architecture}.deb`;
  const tree = await Deno.makeTempDir({ prefix: "kosmi-relay-deb-" });
  try {
    await Deno.chmod(tree, 0o755);
    const binary = `${tree}/usr/bin/kosmi-relay`;
    await Deno.mkdir(`${tree}/usr/bin`, { recursive: true });
    if (values.binary === undefined) await compile(binary);
    else await Deno.copyFile(values.binary, binary);
    await Deno.chmod(binary, 0o755);
    await writeFiles(tree, version);
    await writeControl(tree, { version, architecture });
    await run("dpkg-deb", ["--root-owner-group", "-Zxz", "-z1", "--build", tree, output]);
    print(output);
    return 0;
  } catch (error) {
    print(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    await Deno.remove(tree, { recursive: true });
  }
}

async function compile(binary: string): Promise<void> {
  const flags = [`--output=${binary}`, `--data-dir=${DATA}`, `--config=${CONFIG}`];
  await run(Deno.execPath(), ["run", "-A", `${ROOT}build/compile.ts`, ...flags]);
}

async function writeFiles(tree: string, version: string): Promise<void> {
  const share = `${tree}/usr/share`;
  const doc = `${share}/doc/kosmi-relay`;
  const debian = `${ROOT}packaging/debian`;
  await write(`${tree}/usr/lib/systemd/system/kosmi-relay.service`, await unit());
  await write(`${tree}${CONFIG}`, await Deno.readTextFile(`${ROOT}matterbridge.toml`), 0o640);
  for (
    const [shell, path] of [
      ["bash", `${share}/bash-completion/completions/kosmi-relay`],
      ["zsh", `${share}/zsh/vendor-completions/_kosmi-relay`],
      ["fish", `${share}/fish/vendor_completions.d/kosmi-relay.fish`],
    ] as const
  ) await write(path, await relay("completions", shell));
  await zipped(`${share}/man/man1/kosmi-relay.1.gz`, await manual(version));
  await zipped(`${doc}/changelog.gz`, changelog(version));
  await zipped(`${doc}/CHANGELOG.md.gz`, await Deno.readTextFile(`${ROOT}CHANGELOG.md`));
  await write(`${doc}/copyright`, await Deno.readTextFile(`${debian}/copyright`));
  await write(
    `${share}/lintian/overrides/kosmi-relay`,
    await Deno.readTextFile(`${debian}/lintian-overrides`),
  );
}

/** The unit for a user that lasts: it reads the configuration itself, so that a reload finds what has changed. */
async function unit(): Promise<string> {
  let text = await Deno.readTextFile(`${ROOT}packaging/systemd/kosmi-relay.service`);
  text = text.slice(text.indexOf("[Unit]"));
  const changes: readonly (readonly [RegExp, string])[] = [
    [
      /^# Data: .*$/m,
      "# Data: /var/lib/kosmi-relay. The configuration is root's; the service may read it.",
    ],
    [/^DynamicUser=yes$/m, "User=kosmi-relay\nGroup=kosmi-relay"],
    [/^LoadCredential=.*\n/m, ""],
    [/^ExecStart=.*$/m, "ExecStart=/usr/bin/kosmi-relay run\nExecReload=/bin/kill -HUP $MAINPID"],
    [/^# The service reads a copy .*\n/m, ""],
    // The configuration belongs to another user.
    [/^PrivateUsers=yes\n/m, ""],
  ];
  for (const [pattern, by] of changes) {
    if (!pattern.test(text)) throw new Error(`Cannot make the unit: it has no line ${pattern}`);
    text = text.replace(pattern, by);
  }
  return text;
}

function changelog(version: string): string {
  const date = new Date().toUTCString().replace("GMT", "+0000");
  return `kosmi-relay (${version}) unstable; urgency=medium\n\n  * What changed: CHANGELOG.md.gz beside this file.\n\n` +
    ` -- ${MAINTAINER}  ${date}\n`;
}

/** Made of what `--help` says, so that it says the same. */
async function manual(version: string): Promise<string> {
  const sections = [];
  for (const name of COMMANDS) {
    const help = await relay(...(name === "" ? [] : [name]), "--help");
    const title = name === "" ? "DESCRIPTION" : `KOSMI-RELAY ${name.toUpperCase()}`;
    sections.push(`.SH "${title}"\n.nf\n${roff(help.trim())}\n.fi`);
  }
  return [
    `.TH KOSMI-RELAY 1 "" "kosmi-relay ${version}" "User Commands"`,
    ".SH NAME",
    "kosmi-relay \\- relay chat between Kosmi rooms and IRC channels",
    ".SH SYNOPSIS",
    ".B kosmi-relay",
    "[\\fIoptions\\fR] [\\fIcommand\\fR]",
    ...sections,
    ".SH FILES",
    `.TP\n.I ${CONFIG}\nthe configuration`,
    `.TP\n.I ${DATA}\nthe token, and messages that wait`,
    "",
  ].join("\n");
}

function roff(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replaceAll("…", "...")
    .replace(/^(?=[.'])/gm, "\\&");
}

async function writeControl(
  tree: string,
  { version, architecture }: { version: string; architecture: string },
): Promise<void> {
  const kilobytes = Math.ceil(await sizeOf(tree) / 1_024);
  const control = `${tree}/DEBIAN`;
  await write(
    `${control}/control`,
    `Package: kosmi-relay
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${kilobytes}
Depends: adduser, ca-certificates, libc6 (>= 2.31), libgcc-s1
Recommends: chromium
Section: net
Priority: optional
Description: relay of chat between Kosmi rooms and IRC channels
 What is said in a watch-party room of Kosmi appears in a channel of IRC, and
 the other way round, in order. Messages are on disk before they are sent, so
 that a crash or a lost connection neither loses nor doubles them.
`,
  );
  await write(`${control}/conffiles`, `${CONFIG}\n`);
  for (const script of ["postinst", "prerm", "postrm"]) {
    await write(
      `${control}/${script}`,
      await Deno.readTextFile(`${ROOT}packaging/debian/${script}`),
      0o755,
    );
  }
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0;
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    bytes += entry.isDirectory ? await sizeOf(path) : (await Deno.stat(path)).size;
  }
  return bytes;
}

async function zipped(path: string, text: string): Promise<void> {
  await write(path.replace(/\.gz$/, ""), text);
  await run("gzip", ["-9n", path.replace(/\.gz$/, "")]);
}

async function write(path: string, text: string, mode = 0o644): Promise<void> {
  await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true, mode: 0o755 });
  await Deno.writeTextFile(path, text);
  await Deno.chmod(path, mode);
}

/** What the relay prints, run from source. */
async function relay(...args: string[]): Promise<string> {
  return await run(Deno.execPath(), ["run", "-A", "--no-prompt", `${ROOT}src/main.ts`, ...args]);
}

async function run(program: string, args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`Cannot run ${program}: ${(text(stdout) + text(stderr)).trim()}`);
  return text(stdout);
}

function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}
