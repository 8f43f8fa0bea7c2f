import { athemeConf } from "./irc_servers/atheme_conf.ts";
import {
  type CertificateOptions,
  makeCertificate,
  type TestCertificate,
} from "./irc_servers/certificate.ts";
import { inspircdConf, type InspircdOptions } from "./irc_servers/inspircd_conf.ts";
import { ngircdConf, type NgircdOptions } from "./irc_servers/ngircd_conf.ts";
import { zncConf, type ZncOptions } from "./irc_servers/znc_conf.ts";
import { ServerProcess, type ServerProgram } from "./irc_servers/server_process.ts";
import { IrcClient } from "./irc_client.ts";
import { freePort } from "./ports.ts";
import { tempDir } from "./temp_dir.ts";
import { until } from "./wait.ts";

/** A real IRC server on 127.0.0.1 that a test started; gone at the end of its scope. */
export interface TestIrcServer extends AsyncDisposable {
  readonly kind: "ngircd" | "inspircd";
  readonly host: "127.0.0.1";
  /** Plain text. */
  readonly port: number;
  readonly tlsPort: number;
  readonly certificate: TestCertificate;
  /** Server password that clients must send, if any. */
  readonly password: string | null;
  /** The running program: its pid, its log, `freeze` and `thaw`. */
  readonly process: ServerProcess;
  /** Ends it; SIGKILL is a crash (connections end without a word), SIGTERM says goodbye. Idempotent. */
  stop(signal?: Deno.Signal): Promise<void>;
  /** Starts it again after `stop`, on the same ports. */
  start(): Promise<void>;
  restart(signal?: Deno.Signal): Promise<void>;
}

export interface TestInspircd extends TestIrcServer {
  readonly kind: "inspircd";
  /** For services. */
  readonly linkPort: number;
}

/** NickServ, SaslServ and ChanServ of an InspIRCd. */
export interface TestServices extends AsyncDisposable {
  readonly process: ServerProcess;
  /** Registers an account (and the nick of that name) with NickServ. */
  register(account: string, password: string): Promise<void>;
  stop(signal?: Deno.Signal): Promise<void>;
}

interface CommonOptions {
  readonly certificate?: CertificateOptions;
}

/** Starts ngircd on free ports: no capability but multi-prefix, closes the connection on a line over 512 bytes. */
export async function startNgircd(
  options: NgircdOptions & CommonOptions = {},
): Promise<TestIrcServer> {
  const base = await prepare(options);
  const { path } = base.dir;
  await Deno.writeTextFile(`${path}/ngircd.conf`, ngircdConf(options, { ...base, dir: path }));
  return await run({ ...base, kind: "ngircd" }, {
    command: "/usr/sbin/ngircd",
    args: ["-n", "-f", `${path}/ngircd.conf`],
  });
}

/** Starts InspIRCd 3 on free ports: most IRCv3 capabilities, truncates lines over 512 bytes, limits quick clients. */
export async function startInspircd(
  options: InspircdOptions & CommonOptions = {},
): Promise<TestInspircd> {
  const base = { ...await prepare(options), linkPort: freePort() };
  const { path } = base.dir;
  await Deno.writeTextFile(`${path}/inspircd.conf`, inspircdConf(options, { ...base, dir: path }));
  const server = await run({ ...base, kind: "inspircd" }, {
    command: "/usr/sbin/inspircd",
    args: ["--nofork", "--nopid", "--config", `${path}/inspircd.conf`],
  });
  return { ...server, kind: "inspircd", linkPort: base.linkPort };
}

/** Starts Atheme on an InspIRCd that was started with `services: true`, and waits until NickServ answers. */
export async function startAtheme(inspircd: TestInspircd): Promise<TestServices> {
  const dir = await tempDir("atheme-");
  const { path } = dir;
  await Deno.writeTextFile(`${path}/atheme.conf`, athemeConf(inspircd.linkPort));
  const files = ["-c", `${path}/atheme.conf`, "-D", path, "-l", `${path}/atheme.log`];
  await using started = new AsyncDisposableStack();
  started.use(dir);
  const process = started.use(
    await ServerProcess.start({
      name: "atheme",
      command: "/usr/bin/atheme-services",
      args: ["-n", ...files, "-p", `${path}/atheme.pid`],
      cwd: path,
      ports: [],
    }),
  );
  await waitForNickServ(inspircd, process);
  const running = started.move();
  return {
    process,
    register: (account, password) => register(inspircd, account, password),
    stop: (signal) => process.stop(signal),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** A ZNC between its clients and a server of the network. */
export interface TestZnc extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** What its clients log in with: user, network and password. */
  readonly password: string;
  readonly process: ServerProcess;
}

/** Starts ZNC in front of a server; resolves when it takes clients, and soon after it is in its channels. */
export async function startZnc(
  server: Pick<TestIrcServer, "port">,
  options: ZncOptions = {},
): Promise<TestZnc> {
  const dir = await tempDir("znc-");
  const port = freePort();
  await using started = new AsyncDisposableStack();
  started.use(dir);
  await Deno.chmod(dir.path, 0o755);
  await Deno.mkdir(`${dir.path}/configs`);
  const conf = await zncConf(options, { own: port, server: server.port }, "a-znc-password");
  await Deno.writeTextFile(`${dir.path}/configs/znc.conf`, conf);
  const process = started.use(
    await ServerProcess.start({
      name: "znc",
      command: "/usr/bin/znc",
      args: ["--foreground", "--datadir", dir.path],
      cwd: dir.path,
      ports: [port],
    }),
  );
  const running = started.move();
  return {
    host: "127.0.0.1",
    port,
    password: "owner/test:a-znc-password",
    process,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function prepare(options: NgircdOptions & CommonOptions | InspircdOptions & CommonOptions) {
  const dir = await tempDir("ircd-");
  const certificate = await makeCertificate(dir.path, options.certificate);
  return {
    dir,
    certificate,
    certPath: certificate.certPath,
    keyPath: certificate.keyPath,
    plainPort: freePort(),
    tlsPort: freePort(),
    password: options.password ?? null,
  };
}

async function run<Kind extends TestIrcServer["kind"]>(
  base: Awaited<ReturnType<typeof prepare>> & { kind: Kind },
  program: Pick<ServerProgram, "command" | "args">,
): Promise<TestIrcServer & { kind: Kind }> {
  const { dir, kind, plainPort, tlsPort, certificate, password } = base;
  await using started = new AsyncDisposableStack();
  started.use(dir);
  // The folder is given to the server's user; the certificate stays readable for everybody.
  await Deno.chmod(dir.path, 0o755);
  const ports = [plainPort, tlsPort];
  const process = started.use(
    await ServerProcess.start({ ...program, name: kind, cwd: dir.path, ports }),
  );
  const running = started.move();
  return {
    kind,
    host: "127.0.0.1",
    port: plainPort,
    tlsPort,
    certificate,
    password,
    process,
    stop: (signal) => process.stop(signal),
    start: () => process.start(),
    restart: (signal) => process.restart(signal),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function waitForNickServ(server: TestIrcServer, services: ServerProcess): Promise<void> {
  await using client = await connectTo(server, "waits4svc");
  const linked = async () => {
    const mark = client.mark();
    client.raw("ISON NickServ");
    const answer = await client.waitFor((line) => line.command === "303", "303", { since: mark });
    return answer.params.join(" ").includes("NickServ");
  };
  // Once a second or so is what the server's flood protection lets through.
  await until(linked, "NickServ", 15_000, { everyMs: 200, seen: () => services.log });
}

async function register(server: TestIrcServer, account: string, password: string): Promise<void> {
  await using client = await connectTo(server, account);
  client.raw(`PRIVMSG NickServ :REGISTER ${password} ${account}@example.test`);
  await client.waitFor(
    (line) => line.command === "NOTICE" && /is now registered|already registered/.test(line.text),
    `NickServ to register ${account}`,
  );
}

function connectTo(server: TestIrcServer, nick: string): Promise<IrcClient> {
  const { host, port, password } = server;
  return IrcClient.connect({ host, port, nick, ...(password === null ? {} : { password }) });
}

export type { CertificateOptions, InspircdOptions, NgircdOptions, TestCertificate, ZncOptions };
