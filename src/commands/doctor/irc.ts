import { describeError } from "../../base/errors.ts";
import { probeDial } from "../../bridges/irc/diagnosis/dial_probe.ts";
import { IrcProbe, type LoginFinding } from "../../bridges/irc/diagnosis/irc_probe.ts";
import type { IrcBridgeOptions } from "../../bridges/irc/link/options.ts";
import type { IrcAccountConfig } from "../../config/options/config.ts";
import { readPem } from "../setup/accounts.ts";
import { ircOptionsOf } from "../setup/irc.ts";
import type { DoctorContext } from "./checks.ts";
import { checkChannels } from "./irc_channels.ts";
import { tellDial, tellTls } from "./irc_tls.ts";
import type { RowWriter } from "./rows.ts";

const DIAL_MS = 10_000;
/** A person waits. */
const SASL_MS = 6_000;
/** A running relay has the nick itself; services can tell by the ending whose it is. */
const SUFFIX = "-doctor";

/** Everything about one IRC account, with a nick of its own beside the relay's. */
export async function checkIrcAccount(
  account: IrcAccountConfig,
  context: DoctorContext,
  rows: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  let options: IrcBridgeOptions;
  try {
    options = await optionsOf(account, context);
  } catch (error) {
    return rows.broken("client certificate", describeError(error), "correct TLSClientCertificate");
  }
  await follow(account, options, context, rows, signal);
}

async function optionsOf(
  account: IrcAccountConfig,
  { config, clock, logging }: DoctorContext,
): Promise<IrcBridgeOptions> {
  const options = ircOptionsOf(account, {
    general: config.general,
    clock,
    random: Math.random,
    log: logging.logger(["doctor", account.name]),
    clientCertificatePem: await readPem(account.options.tlsClientCertificate),
    saslKeyPem: await readPem(account.options.saslKey, "SASLKey"),
  });
  return {
    ...options,
    nick: `${account.options.nick}${SUFFIX}`,
    userName: account.options.userName || account.options.nick,
    botMode: false,
    limits: { connectMs: DIAL_MS, registrationMs: 25_000, saslMs: SASL_MS },
  };
}

async function follow(
  account: IrcAccountConfig,
  options: IrcBridgeOptions,
  context: DoctorContext,
  rows: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  const { host, port, tls = null, bind = null, proxy = null } = options;
  const client = tls === null ? null : { clientCertificatePem: tls.clientCertificatePem ?? null };
  const { clock } = context;
  const dial = await probeDial(
    { host, port, bind, proxy, tls: client, clock, limitMs: DIAL_MS },
    signal,
  );
  if (!tellDial(account, dial, rows)) return;
  const probe = new IrcProbe(options);
  try {
    const login = await probe.login(signal);
    const trusted = tellTls(account, dial, login, rows, clock.now());
    if (!trusted) return rows.skipped("login", "not tried: TLS must work first");
    if (movedToTls(login)) {
      return await followToTls(login.tlsPort, account, options, context, rows, signal);
    }
    if (!tellLogin(account, login, rows)) return;
    await lookAround(account, probe, login, context, rows, signal);
  } finally {
    await probe.close();
  }
}

function movedToTls(login: LoginFinding): login is LoginFinding & { readonly tlsPort: number } {
  return !login.ok && login.tlsPort !== null;
}

/** The relay goes there by itself, and so do we. */
async function followToTls(
  port: number,
  account: IrcAccountConfig,
  options: IrcBridgeOptions,
  context: DoctorContext,
  rows: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  rows.warn(
    "TLS policy",
    `the server wants TLS on port ${port}; the relay goes there by itself`,
    `set Server="${options.host}:${port}" and UseTLS=true`,
  );
  const byTls = {
    ...account,
    options: {
      ...account.options,
      useTls: true,
      skipTlsVerify: false,
      server: { ...account.options.server, port },
    },
  };
  await follow(byTls, { ...options, port, tls: { verify: true } }, context, rows, signal);
}

async function lookAround(
  account: IrcAccountConfig,
  probe: IrcProbe,
  login: LoginFinding & { readonly ok: true },
  context: DoctorContext,
  rows: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  const time = await probe.time();
  if (time !== null) context.clocks.push({ source: account.options.server.host, ...time });
  await checkNick(account, probe, context, rows);
  await checkChannels({ account, probe, login, context, rows }, signal);
}

/** Rows for registration and SASL; false when we are not in. */
function tellLogin(
  account: IrcAccountConfig,
  login: LoginFinding,
  rows: RowWriter,
): login is LoginFinding & { readonly ok: true } {
  if (login.ok) {
    const network = login.network === null ? "" : ` at ${login.network}`;
    rows.ok("login", `registered${network} as ${login.nick} (a nick of this check)`);
    if (account.options.useSasl) rows.ok("SASL", "logged in");
    return true;
  }
  const { reason } = login.end;
  if (/by SASL/.test(reason)) tellSasl(reason, rows);
  else if (hungUp(login)) rows.broken("login", `the server hung up at once (${reason})`, HUNG_UP);
  else rows.broken("login", reason, remedyFor(login, account));
  return false;
}

const HUNG_UP =
  "it may throttle or ban this address: wait a few minutes and try again; if it is a port for TLS, set UseTLS=true";

/** What it said before is sometimes lost with the socket. */
function hungUp({ heardNothing, end }: LoginFinding & { readonly ok: false }): boolean {
  return heardNothing && /EPIPE|ECONNRESET|ECONNABORTED|before we were logged in/.test(end.reason);
}

function tellSasl(reason: string, rows: RowWriter): void {
  rows.broken(
    "SASL",
    reason.replace(/\. Check the account's login settings$/, ""),
    saslRemedy(reason),
  );
  rows.skipped("login", "not finished: SASL failed");
}

function saslRemedy(reason: string): string {
  if (/services .*do not answer/.test(reason)) {
    return "wait until the network's services are back: the relay tries again by itself";
  }
  if (/does not offer SASL/.test(reason)) {
    return "set UseSASL=false (NickServPassword then logs in by message), or check that Server is right";
  }
  if (/offers only/.test(reason)) return "set SASLMechanism to one that the server offers";
  return "check SASLLogin and SASLPassword (or NickServNick and NickServPassword), and that the account is registered";
}

function remedyFor(
  { end, heardNothing }: LoginFinding & { readonly ok: false },
  account: IrcAccountConfig,
): string {
  const { reason } = end;
  if (/password/i.test(reason)) return "check Password, the server's own password (not NickServ's)";
  if (/too (often|fast|many)|throttl/i.test(reason)) return "wait a few minutes and try again";
  if (end.kind === "refused" && /nick/i.test(reason)) return "choose another Nick";
  if (/SASL|TLS|secure|certificate/i.test(reason)) {
    return "the server wants another kind of login: see its words";
  }
  if (end.kind === "refused") {
    return "ask the network's operators why: this address or name is banned";
  }
  if (heardNothing) {
    return account.options.useTls
      ? "check that an IRC server is at this port"
      : "check that an IRC server is at this port; if it is one for TLS, set UseTLS=true";
  }
  return "see the server's words; the relay tries again by itself";
}

const REFUSED =
  /invalid|incorrect|wrong|denied|fail|not (a )?(registered|recognized)|isn't registered|no such nick/i;

/** Can the relay have its nick, and does NickServ know the password? */
async function checkNick(
  account: IrcAccountConfig,
  probe: IrcProbe,
  context: DoctorContext,
  rows: RowWriter,
): Promise<void> {
  const { nick } = account.options;
  const isUsed = await probe.isUsed(nick);
  if (isUsed === true && context.beside === null) {
    rows.warn(
      "nick",
      `somebody is using ${nick}: the relay would get another one`,
      "if it is no relay of yours, choose another Nick, or log in by SASL so that the relay can take it back",
    );
  } else if (isUsed === true) rows.ok("nick", `${nick} is in use, as it should be: the relay runs`);
  else if (isUsed === false) rows.ok("nick", `${nick} is free`);
  if (!account.options.useSasl && account.options.nickServPassword !== null) {
    await checkNickServ(account, account.options.nickServPassword, probe, rows);
  }
}

/** Naming the account: this check has another nick than the registered one. */
async function checkNickServ(
  account: IrcAccountConfig,
  password: string,
  probe: IrcProbe,
  rows: RowWriter,
): Promise<void> {
  const service = account.options.nickServNick ?? "NickServ";
  const user = account.options.nickServUsername;
  const text = user ? `AUTH ${user} ${password}` : `IDENTIFY ${account.options.nick} ${password}`;
  const answer = await probe.identify(service, text);
  if (answer === null) {
    return rows.warn(
      "NickServ",
      `${service} does not answer`,
      "wait until the network's services are back",
    );
  }
  if (!REFUSED.test(answer)) return rows.ok("NickServ", `${service}: ${answer}`);
  rows.broken(
    "NickServ",
    `${service} refuses the login: ${answer}`,
    `check NickServPassword, and that ${user ?? account.options.nick} is registered`,
  );
}
