import assert from "node:assert/strict";
import { freePort } from "../../support/ports.ts";
import { type CertificateOptions, makeCertificate } from "../../support/irc_servers/certificate.ts";
import { needs } from "../../support/skip.ts";
import { tempDir } from "../../support/temp_dir.ts";
import type { IrcSandbox, IrcServerOptions } from "../../sandbox/irc/irc_sandbox.ts";
import { CHANNEL, complaints, Patient, type PatientConfig, rowOf } from "./patient.ts";

/** One way to be broken: the one row that complains, and what it says. */
interface BrokenWorld {
  readonly name: string;
  readonly server?: IrcServerOptions;
  readonly breaks?: (irc: IrcSandbox) => void;
  readonly config?: PatientConfig;
  readonly complaint: string;
  readonly check: string;
  readonly seen: RegExp;
  readonly remedy: RegExp;
}

const SASL = `UseSASL=true\nSASLLogin="relay"\nSASLPassword="open sesame"\nSASLMechanism="plain"`;
const inChannel = (...change: string[]) => (irc: IrcSandbox) => {
  irc.addUser("ann");
  irc.join("ann", CHANNEL);
  irc.mode(CHANNEL, ...change);
};

const WORLDS: readonly BrokenWorld[] = [
  {
    name: "a port where nobody listens",
    config: { server: `127.0.0.1:${freePort()}` },
    complaint: "irc.test TCP: broken",
    check: "TCP",
    seen: /nobody answers at 127\.0\.0\.1:\d+: connect ECONNREFUSED/,
    remedy: /port in Server/,
  },
  {
    name: "a name that does not resolve",
    config: { server: "irc.nowhere.invalid:6667" },
    complaint: "irc.test DNS: broken",
    check: "DNS",
    seen: /irc\.nowhere\.invalid has no address/,
    remedy: /how Server is spelt/,
  },
  {
    name: "TLS to a port for plain text",
    config: { irc: "UseTLS=true" },
    complaint: "irc.test TLS: broken",
    check: "TLS",
    seen: /no TLS handshake/,
    remedy: /UseTLS=false/,
  },
  {
    name: "a wrong server password",
    server: { password: "right" },
    config: { irc: 'Password="wrong-password"' },
    complaint: "irc.test login: broken",
    check: "login",
    seen: /refuses the password/,
    remedy: /check Password/,
  },
  {
    name: "a wrong SASL password",
    server: { accounts: { relay: "other" } },
    config: { irc: SASL },
    complaint: "irc.test SASL: broken",
    check: "SASL",
    seen: /refuses login or password/,
    remedy: /SASLPassword/,
  },
  {
    name: "a server without SASL",
    config: { irc: SASL },
    complaint: "irc.test SASL: broken",
    check: "SASL",
    seen: /does not offer SASL/,
    remedy: /UseSASL=false/,
  },
  {
    name: "a SASL mechanism that the server does not have",
    server: { accounts: { relay: "open sesame" } },
    config: { irc: SASL.replace("plain", "scram-sha-256") },
    complaint: "irc.test SASL: broken",
    check: "SASL",
    seen: /offers only PLAIN/,
    remedy: /SASLMechanism/,
  },
  {
    name: "an address that is banned",
    breaks: (irc) => irc.faults.refuseRegistration = { numeric: "465", text: "You are banned" },
    complaint: "irc.test login: broken",
    check: "login",
    seen: /refuses the connection .*You are banned/,
    remedy: /operators why/,
  },
  {
    name: "connections that are throttled",
    breaks: (irc) =>
      irc.faults.refuseConnections = "Closing link: reconnecting too fast, throttled",
    complaint: "irc.test login: broken",
    check: "login",
    seen: /too fast|hung up at once/,
    remedy: /wait a few minutes/,
  },
  {
    name: "a ban in the channel",
    breaks: inChannel("+b", "*!*@sandbox.example.test"),
    complaint: `irc.test ${CHANNEL}: broken`,
    check: CHANNEL,
    seen: /banned/,
    remedy: /lift the ban/,
  },
  {
    name: "a ban in the channel on the relay's own nick",
    breaks: inChannel("+b", "relay!*@*"),
    complaint: `irc.test ${CHANNEL} speech: broken`,
    check: `${CHANNEL} speech`,
    seen: /the ban relay!\*@\* .*is on the relay's nick/,
    remedy: /\/mode #films -b relay!\*@\*/,
  },
  {
    name: "a channel key that is missing",
    breaks: inChannel("+k", "sesame"),
    complaint: `irc.test ${CHANNEL}: broken`,
    check: CHANNEL,
    seen: /key is missing or wrong/,
    remedy: /options=\{key=/,
  },
  {
    name: "a channel key that is wrong",
    breaks: inChannel("+k", "sesame"),
    config: { channel: 'options={key="mellon"}' },
    complaint: `irc.test ${CHANNEL}: broken`,
    check: CHANNEL,
    seen: /key is missing or wrong/,
    remedy: /is wrong/,
  },
  {
    name: "a channel for invited users",
    breaks: inChannel("+i"),
    complaint: `irc.test ${CHANNEL}: broken`,
    check: CHANNEL,
    seen: /invited users only/,
    remedy: /\+I relay!\*@\*/,
  },
  {
    name: "a moderated channel",
    breaks: inChannel("+m"),
    complaint: `irc.test ${CHANNEL} speech: broken`,
    check: `${CHANNEL} speech`,
    seen: /moderated \(\+m\)/,
    remedy: /\/mode #films \+v relay/,
  },
  {
    name: "a channel where only registered nicks speak",
    breaks: inChannel("+M"),
    complaint: `irc.test ${CHANNEL} speech: broken`,
    check: `${CHANNEL} speech`,
    seen: /only registered nicks may speak/,
    remedy: /UseSASL/,
  },
  {
    name: "a channel that only registered nicks enter",
    breaks: inChannel("+R"),
    complaint: `irc.test ${CHANNEL}: broken`,
    check: CHANNEL,
    seen: /registered nicks only/,
    remedy: /register the nick/,
  },
  {
    name: "a channel that takes no formatting",
    breaks: inChannel("+c"),
    complaint: `irc.test ${CHANNEL} speech: warning`,
    check: `${CHANNEL} speech`,
    seen: /refuses formatted text \(\+c\)/,
    remedy: /StripMarkdown=true/,
  },
  {
    name: "a nick that somebody has",
    breaks: (irc) => irc.addUser("relay"),
    complaint: "irc.test nick: warning",
    check: "nick",
    seen: /somebody is using relay/,
    remedy: /another Nick/,
  },
];

for (const world of WORLDS) {
  Deno.test(`doctor finds ${world.name}`, async () => {
    await using patient = await Patient.create({ irc: world.server ?? {} });
    world.breaks?.(patient.irc);
    const found = await patient.examine(patient.config(world.config));
    assert.deepEqual(complaints(found), [world.complaint]);
    assert.equal(found.code, world.complaint.endsWith("broken") ? 2 : 1);
    const row = rowOf(found, "irc.test", world.check);
    assert.match(row.seen, world.seen);
    assert.match(row.remedy ?? "", world.remedy);
    assert.doesNotMatch(found.output, /open sesame|wrong-password|mellon/);
  });
}

Deno.test("doctor finds services that are down", async () => {
  await using patient = await Patient.create({ irc: { accounts: { relay: "open sesame" } } });
  patient.irc.faults.sasl = "silent";
  const found = await patient.examine(patient.config({ irc: SASL }));
  assert.deepEqual(complaints(found), ["irc.test SASL: broken"]);
  assert.match(rowOf(found, "irc.test", "SASL").seen, /services of the network do not answer/);
});

Deno.test("doctor sees that a voice lifts moderation, and that a relay may have it", async () => {
  await using patient = await Patient.create();
  inChannel("+m")(patient.irc);
  patient.irc.addUser("relay");
  patient.irc.join("relay", CHANNEL);
  const config = patient.config();
  const mute = await patient.examine(config);
  assert.match(rowOf(mute, "irc.test", `${CHANNEL} speech`).seen, /relay has no voice/);
  patient.irc.mode(CHANNEL, "+v", "relay");
  const voiced = await patient.examine(config);
  assert.deepEqual(complaints(voiced), ["irc.test nick: warning"]);
});

Deno.test("doctor finds a clock that differs, and does not blame its own when others agree with it", async () => {
  const clock = {
    now: () => Date.now() + 3_600_000,
    monotonic: () => performance.now(),
    sleep: (waitMs: number) => new Promise<void>((resolve) => setTimeout(resolve, waitMs)),
  };
  await using patient = await Patient.create({ irc: { clock } });
  const found = await patient.examine(patient.config());
  assert.deepEqual(complaints(found), ["relay clock: warning"]);
  assert.match(rowOf(found, "relay", "clock").seen, /60 min earlier than that of 127\.0\.0\.1/);
});

Deno.test("doctor --send says a line in the channel, and nothing without it", async () => {
  await using patient = await Patient.create();
  patient.irc.addUser("ann");
  patient.irc.join("ann", CHANNEL);
  const silent = await patient.examine(patient.config());
  assert.equal(silent.code, 0);
  assert.equal(patient.irc.messageCount(CHANNEL), 0);
  assert.equal(patient.kosmi.messageCount("@movienight"), 0);
  const said = await patient.examine(patient.config(), { args: ["--send"] });
  assert.equal(said.code, 0);
  assert.equal(patient.irc.messageCount(CHANNEL), 1);
  assert.equal(patient.kosmi.messageCount("@movienight"), 1);
});

interface TlsWorld {
  readonly name: string;
  readonly certificate?: CertificateOptions;
  readonly irc?: (fingerprint: string) => string;
  readonly trusted: boolean;
  readonly complaint: string | null;
  readonly seen: RegExp;
}

const TLS_WORLDS: readonly TlsWorld[] = [
  { name: "a good certificate", trusted: true, complaint: null, seen: /valid until/ },
  {
    name: "an expired certificate",
    certificate: { expired: true },
    trusted: true,
    complaint: "irc.test TLS: broken",
    seen: /certificate expired on \d{4}-/,
  },
  {
    name: "a certificate of an unknown authority",
    trusted: false,
    complaint: "irc.test TLS: broken",
    seen: /no authority that this machine knows .*Relay test authority/,
  },
  {
    name: "a certificate for another name",
    certificate: { altNames: "DNS:irc.example.org" },
    trusted: true,
    complaint: "irc.test TLS: broken",
    seen: /is for irc\.example\.org, not for 127\.0\.0\.1/,
  },
  {
    name: "a pin that is wrong",
    irc: () => `TLSFingerprint="${"ab".repeat(32)}"`,
    trusted: true,
    complaint: "irc.test TLS: broken",
    seen: /not the one that TLSFingerprint names/,
  },
  {
    name: "a pin that is right, of an unknown authority",
    irc: (fingerprint) => `TLSFingerprint="${fingerprint}"`,
    trusted: false,
    complaint: null,
    seen: /is the one that TLSFingerprint names/,
  },
  {
    name: "a certificate that is not looked at",
    irc: () => "SkipTLSVerify=true",
    trusted: false,
    complaint: null,
    seen: /certificate of/,
  },
];

for (const world of TLS_WORLDS) {
  needs("openssl")(`doctor tells of ${world.name}`, async () => {
    await using dir = await tempDir();
    const made = await makeCertificate(dir.path, world.certificate);
    const tls = {
      cert: await Deno.readTextFile(made.certPath),
      key: await Deno.readTextFile(made.keyPath),
    };
    await using patient = await Patient.create({ irc: { tls } });
    const config = patient.config({
      server: `127.0.0.1:${patient.irc.tlsPort}`,
      irc: `UseTLS=true\n${world.irc?.(made.fingerprint) ?? ""}`,
    });
    const env = world.trusted ? { DENO_CERT: made.caPath } : {};
    const found = await patient.examine(config, { env });
    assert.deepEqual(complaints(found), world.complaint === null ? [] : [world.complaint]);
    assert.match(rowOf(found, "irc.test", "TLS").seen, world.seen);
  });
}
