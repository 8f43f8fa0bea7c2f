import { describeError } from "../../base/errors.ts";
import { probeDial } from "../../bridges/irc/diagnosis/dial_probe.ts";
import { IrcProbe, type LoginFinding } from "../../bridges/irc/diagnosis/irc_probe.ts";
import type { IrcBridgeOptions } from "../../bridges/irc/options.ts";
import type { IrcAccountConfig } from "../../config/types.ts";
import { readPem } from "../wire.ts";
import { ircOptionsOf } from "../wire_irc.ts";
import type { DoctorContext } from "./context.ts";
import { checkChannels } from "./irc_channels.ts";
import { tellDial } from "./irc_dial.ts";
import { tellLogin } from "./irc_login.ts";
import { checkNick } from "./irc_nick.ts";
import { tellTls } from "./irc_tls.ts";
import type { RowWriter } from "./row.ts";

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
    clientCertificatePem: await readPem(account.tlsClientCertificate),
  });
  return {
    ...options,
    nick: `${account.nick}${SUFFIX}`,
    userName: account.userName || account.nick,
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
  const { host, port, tls = null, bind = null } = options;
  const client = tls === null ? null : { clientCertificatePem: tls.clientCertificatePem ?? null };
  const { clock } = context;
  const dial = await probeDial({ host, port, bind, tls: client, clock, limitMs: DIAL_MS }, signal);
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
    useTls: true,
    skipTlsVerify: false,
    server: { ...account.server, port },
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
  if (time !== null) context.clocks.push({ source: account.server.host, ...time });
  await checkNick(account, probe, context, rows);
  await checkChannels({ account, probe, login, context, rows }, signal);
}
