import type { IrcProbe } from "../../bridges/irc/diagnosis/irc_probe.ts";
import type { IrcAccountConfig } from "../../config/types.ts";
import type { DoctorContext } from "./context.ts";
import type { RowWriter } from "./row.ts";

const REFUSED =
  /invalid|incorrect|wrong|denied|fail|not (a )?(registered|recognized)|isn't registered|no such nick/i;

/** Can the relay have its nick, and does NickServ know the password? */
export async function checkNick(
  account: IrcAccountConfig,
  probe: IrcProbe,
  context: DoctorContext,
  rows: RowWriter,
): Promise<void> {
  const { nick } = account;
  const isUsed = await probe.isUsed(nick);
  if (isUsed === true && context.beside === null) {
    rows.warn(
      "nick",
      `somebody is using ${nick}: the relay would get another one`,
      "if it is no relay of yours, choose another Nick, or log in by SASL so that the relay can take it back",
    );
  } else if (isUsed === true) rows.ok("nick", `${nick} is in use, as it should be: the relay runs`);
  else if (isUsed === false) rows.ok("nick", `${nick} is free`);
  if (!account.useSasl && account.nickServPassword !== null) {
    await checkNickServ(account, account.nickServPassword, probe, rows);
  }
}

/** Naming the account: this check has another nick than the registered one. */
async function checkNickServ(
  account: IrcAccountConfig,
  password: string,
  probe: IrcProbe,
  rows: RowWriter,
): Promise<void> {
  const service = account.nickServNick ?? "NickServ";
  const user = account.nickServUsername;
  const text = user ? `AUTH ${user} ${password}` : `IDENTIFY ${account.nick} ${password}`;
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
    `check NickServPassword, and that ${user ?? account.nick} is registered`,
  );
}
