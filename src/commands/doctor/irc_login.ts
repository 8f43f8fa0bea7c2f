import type { LoginFinding } from "../../bridges/irc/diagnosis/irc_probe.ts";
import type { IrcAccountConfig } from "../../config/types.ts";
import type { RowWriter } from "./row.ts";

/** Rows for registration and SASL; false when we are not in. */
export function tellLogin(
  account: IrcAccountConfig,
  login: LoginFinding,
  rows: RowWriter,
): login is LoginFinding & { readonly ok: true } {
  if (login.ok) {
    const network = login.network === null ? "" : ` at ${login.network}`;
    rows.ok("login", `registered${network} as ${login.nick} (a nick of this check)`);
    if (account.useSasl) rows.ok("SASL", "logged in");
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
    return account.useTls
      ? "check that an IRC server is at this port"
      : "check that an IRC server is at this port; if it is one for TLS, set UseTLS=true";
  }
  return "see the server's words; the relay tries again by itself";
}
