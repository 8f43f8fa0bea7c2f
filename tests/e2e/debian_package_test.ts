import assert from "node:assert/strict";
import { binaryTests, compileInto } from "../support/binary.ts";
import { needs } from "../support/skip.ts";
import { tempDir } from "../support/temp_dir.ts";

const test = await binaryTests();
const BUILD = new URL("../../build/deb.ts", import.meta.url).pathname;

async function output(program: string, args: readonly string[]) {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    env: { NO_COLOR: "1", DEBIAN_FRONTEND: "noninteractive" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, said: text(stdout) + text(stderr) };
}

/** Runs a script in a copy of this system that is thrown away afterwards. Needs root. */
async function inThrowawaySystem(folder: string, script: string) {
  await Deno.writeTextFile(`${folder}/script.sh`, script);
  const enter = `
set -e
mount -t tmpfs tmpfs ${folder}/layers
mkdir ${folder}/layers/up ${folder}/layers/work ${folder}/layers/root
mount -t overlay overlay -o lowerdir=/,upperdir=${folder}/layers/up,workdir=${folder}/layers/work ${folder}/layers/root
mount --bind /dev ${folder}/layers/root/dev
mount --bind /proc ${folder}/layers/root/proc
mkdir -p ${folder}/layers/root/package
mount --bind ${folder} ${folder}/layers/root/package
exec chroot ${folder}/layers/root sh -e /package/script.sh`;
  await Deno.mkdir(`${folder}/layers`);
  return await output("unshare", ["-m", "sh", "-c", enter]);
}

test(
  needs("dpkg-deb", "lintian", "unshare", "adduser", "setpriv"),
  "the Debian package is clean, is installed, reads its configuration, is upgraded and purged",
  async () => {
    await using folder = await tempDir("relay-deb-");
    const places = [
      "--data-dir=/var/lib/kosmi-relay",
      "--config=/etc/kosmi-relay/matterbridge.toml",
    ];
    const compiled = await compileInto(folder.path, places);
    assert.equal(compiled.kind, "built");
    if (compiled.kind !== "built") return;
    const deb = folder.file("kosmi-relay.deb");
    const flags = [`--binary=${compiled.path}`, `--output=${deb}`];
    const built = await output(Deno.execPath(), ["run", "-A", BUILD, ...flags]);
    assert.equal(built.code, 0, built.said);

    const lintian = await output("lintian", ["--allow-root", deb]);
    assert.doesNotMatch(lintian.said, /^[EW]:/m);

    const { code, said } = await inThrowawaySystem(
      folder.path,
      `
run() { setpriv --reuid=kosmi-relay --regid=kosmi-relay --clear-groups kosmi-relay "$@"; }
dpkg --force-depends -i /package/kosmi-relay.deb
stat -c 'owned %U:%G %a %n' /etc/kosmi-relay/matterbridge.toml /var/lib/kosmi-relay
run check
run token status || true
sed -i 's/your-relay/changed/' /etc/kosmi-relay/matterbridge.toml
dpkg --force-depends -i /package/kosmi-relay.deb </dev/null
grep -q changed /etc/kosmi-relay/matterbridge.toml && echo 'kept its configuration'
stat -c 'owned %U:%G %a %n' /etc/kosmi-relay/matterbridge.toml
man -l /usr/share/man/man1/kosmi-relay.1.gz >/dev/null 2>&1 || true
timeout 4 setpriv --reuid=kosmi-relay --regid=kosmi-relay --clear-groups kosmi-relay run || true
dpkg --purge kosmi-relay
ls -d /etc/kosmi-relay /var/lib/kosmi-relay 2>/dev/null || echo 'nothing is left'
getent passwd kosmi-relay || echo 'no user is left'`,
    );
    assert.equal(code, 0, said);
    assert.match(said, /owned root:kosmi-relay 640 \/etc\/kosmi-relay\/matterbridge\.toml/);
    assert.match(said, /owned kosmi-relay:kosmi-relay 700 \/var\/lib\/kosmi-relay/);
    assert.match(
      said,
      /^\/etc\/kosmi-relay\/matterbridge\.toml is valid: 2 accounts, 1 gateway\.$/m,
    );
    assert.match(said, /kept its configuration/);
    assert.match(said, /kosmi-relay \d\S* starts, as \/etc\/kosmi-relay\/matterbridge\.toml says/);
    assert.match(said, /nothing is left\nno user is left/);
  },
);
