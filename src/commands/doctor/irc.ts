import { describeError } from "../../base/errors.ts";
import type { Link } from "../../bridges/irc/link/link.ts";
import { type IrcBridgeOptions, mayTellPassword } from "../../bridges/irc/link/options.ts";
import { ServiceProof } from "../../bridges/irc/login/service.ts";
import { lastParam, serverTimeMs } from "../../bridges/irc/wire/message.ts";
import type { IrcAccountConfig } from "../../config/options/config.ts";
import { readPem } from "../setup/accounts.ts";
import { ircOptionsOf } from "../setup/irc.ts";
import type { DoctorContext } from "./checks.ts";
import type { LinkEnd } from "../../relay/port/bridge.ts";
import { checkChannels } from "./irc_channels.ts";
import { type Attempt, IrcCheck, writtenTime } from "./irc_check.ts";
import { tellDial, tellTls } from "./irc_tls.ts";
import type { RowWriter } from "./rows.ts";

const DIAL_MS = 10_000;
/** A person waits. */
const SASL_MS = 6_000;
/** A running relay has the nick itself; services can tell by the ending whose it is. */
const SUFFIX = "-doctor";
/** Most servers take so many letters; cut by them, a longer nick would be the relay's own. */
const LONGEST_NICK = 16;

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
    nick: account.options.nick.slice(0, LONGEST_NICK - SUFFIX.length) + SUFFIX,
    userName: account.options.userName || account.options.nick,
    // What is looked at is the login and the channels; nothing is set, said or regained.
    ...{ botMode: false, puppets: null, nickServ: null, runCommands: [], moreServers: [] },
    ...{ useRelayMsg: false, quitMessage: "check done" },
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
  const check = new IrcCheck(options, signal);
  try {
    const link = await check.ready.promise;
    if (!await tellWay(account, check, rows, context.clock.now())) return;
    if (link === null) tellLoginFault(account, check, rows);
    else await lookAround(account, check, link, context, rows, signal);
  } finally {
    await check.close();
  }
}

/** Rows for each connection on the way to the login; false when there is nothing to say of a login. */
async function tellWay(
  account: IrcAccountConfig,
  check: IrcCheck,
  rows: RowWriter,
  nowMs: number,
): Promise<boolean> {
  for (const [at, attempt] of check.attempts.entries()) {
    const isLast = at === check.attempts.length - 1;
    if (at > 0) tellPolicy(account, attempt, rows);
    const target = at === 0 ? account : byTls(account, attempt.port);
    const fault = isLast && check.end !== null ? saidOf(check.end) : null;
    if (!await tellDial(target, attempt, fault, check, rows)) return false;
    if (tellTls(target, attempt, isLast ? check.end : null, rows, nowMs)) continue;
    rows.skipped("login", "not tried: TLS must work first");
    return false;
  }
  return check.attempts.length > 0;
}

/** The relay goes there by itself. */
function tellPolicy(account: IrcAccountConfig, { port }: Attempt, rows: RowWriter): void {
  rows.warn(
    "TLS policy",
    `the server wants TLS on port ${port}; the relay goes there by itself`,
    `set Server="${account.options.server.host}:${port}" and UseTLS=true`,
  );
}

function byTls(account: IrcAccountConfig, port: number): IrcAccountConfig {
  const server = { ...account.options.server, port };
  const options = { ...account.options, useTls: true, skipTlsVerify: false, server };
  return { ...account, options };
}

/** What the socket said, without what was being done. */
function saidOf({ reason }: LinkEnd): string {
  return reason.replace(/^Cannot connect(?: to \S+)?: /, "");
}

async function lookAround(
  account: IrcAccountConfig,
  check: IrcCheck,
  link: Link,
  context: DoctorContext,
  rows: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  const network = link.server.text("NETWORK");
  const where = network === null ? "" : ` at ${network}`;
  rows.ok("login", `registered${where} as ${link.self.nick} (a nick of this check)`);
  if (account.options.useSasl) rows.ok("SASL", "logged in");
  const { clock, clocks } = context;
  const serverMs = await check.ask(link, { command: "TIME", params: [] }, (message) => {
    if (message.command !== "391") return null;
    return { atMs: serverTimeMs(message) ?? writtenTime(lastParam(message)) };
  });
  if (serverMs !== null && serverMs.atMs !== null) {
    const source = account.options.server.host;
    clocks.push({ source, serverMs: serverMs.atMs, ourMs: clock.now() });
  }
  await checkNick(account, check, link, context, rows);
  await checkChannels({ account, check, link, context, rows }, signal);
}

/** Rows for a login that failed. */
function tellLoginFault(account: IrcAccountConfig, check: IrcCheck, rows: RowWriter): void {
  const { end } = check;
  if (end === null) return;
  const { reason } = end;
  const heardNothing = (check.attempts.at(-1)?.heard ?? 0) === 0;
  if (/by SASL/.test(reason)) tellSasl(reason, rows);
  else if (heardNothing && HANG_UP.test(reason)) {
    rows.broken("login", `the server hung up at once (${reason})`, HUNG_UP);
  } else rows.broken("login", reason, remedyFor(end, heardNothing, account));
}

/** What the server said before is sometimes lost with the socket. */
const HANG_UP = /EPIPE|ECONNRESET|ECONNABORTED|before we were logged in/;
const HUNG_UP =
  "it may throttle or ban this address: wait a few minutes and try again; if it is a port for TLS, set UseTLS=true";

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

function remedyFor(end: LinkEnd, heardNothing: boolean, account: IrcAccountConfig): string {
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
  check: IrcCheck,
  link: Link,
  context: DoctorContext,
  rows: RowWriter,
): Promise<void> {
  const { nick } = account.options;
  const isUsed = await check.ask(
    link,
    { command: "ISON", params: [nick] },
    (message) =>
      message.command === "303"
        ? lastParam(message).split(" ").some((one) => one !== "" && link.server.isSame(one, nick))
        : null,
  );
  if (isUsed === true && context.beside === null) {
    rows.warn(
      "nick",
      `somebody is using ${nick}: the relay would get another one`,
      "if it is no relay of yours, choose another Nick, or log in by SASL so that the relay can take it back",
    );
  } else if (isUsed === true) rows.ok("nick", `${nick} is in use, as it should be: the relay runs`);
  else if (isUsed === false) rows.ok("nick", `${nick} is free`);
  if (!account.options.useSasl && account.options.nickServPassword !== null) {
    await checkNickServ(account, account.options.nickServPassword, check, link, rows);
  }
}

/** As the relay decides it. */
async function isToldThePassword(service: string, check: IrcCheck, link: Link): Promise<boolean> {
  if (!mayTellPassword(link.settings)) return false;
  if (service.includes("@")) return true;
  const proof = new ServiceProof((name) => link.server.isSame(name, service));
  const whois = { command: "WHOIS", params: [service] };
  return await check.ask(link, whois, (message) => proof.hear(message)) === "service";
}

/** Naming the account: this check has another nick than the registered one. */
async function checkNickServ(
  account: IrcAccountConfig,
  password: string,
  check: IrcCheck,
  link: Link,
  rows: RowWriter,
): Promise<void> {
  const service = account.options.nickServNick ?? "NickServ";
  const user = account.options.nickServUsername;
  const text = user ? `AUTH ${user} ${password}` : `IDENTIFY ${account.options.nick} ${password}`;
  const nick = service.split("@")[0] ?? service;
  if (!await isToldThePassword(service, check, link)) {
    return rows.warn(
      "NickServ",
      `${service} is not told the password: WHOIS does not show a service, or the certificate is not verified`,
      `name it with its server (NickServNick="${nick}@services.example"), or see docs/irc.md`,
    );
  }
  const answer = await check.ask(
    link,
    { command: "PRIVMSG", params: [service, text] },
    (message) => {
      if (message.command === "900") return lastParam(message);
      if (message.command === "401") return `no such nick (${lastParam(message)})`;
      const isAnswer = message.command === "NOTICE" && link.server.isSame(message.nick, nick) &&
        !/is registered|please (choose|identify)|\/msg/i.test(lastParam(message));
      return isAnswer ? lastParam(message) : null;
    },
  );
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
