import type { DialFinding } from "../../bridges/irc/diagnosis/dial_probe.ts";
import type { IrcAccountConfig } from "../../config/types.ts";
import type { RowWriter } from "./row.ts";

/** Rows for name and port; false when nobody was reached. */
export function tellDial(account: IrcAccountConfig, dial: DialFinding, rows: RowWriter): boolean {
  const { host, port } = account.server;
  const { address, fault } = dial;
  if (fault?.stage === "name") {
    rows.broken(
      "DNS",
      `${host} has no address: ${fault.said}`,
      "check how Server is spelt, and that this machine can resolve names",
    );
    return false;
  }
  rows.ok("DNS", address === host ? `${host} is an address` : `${host} is ${address}`);
  if (fault?.stage === "connect") {
    rows.broken(
      "TCP",
      `nobody answers at ${host}:${port}: ${fault.said}`,
      `check the port in Server (usual: ${
        account.useTls ? 6697 : 6667
      }), and that no firewall is in the way`,
    );
    return false;
  }
  rows.ok("TCP", `${host}:${port} answers`);
  if (fault === null) return true;
  rows.broken(
    "TLS",
    `no TLS handshake with ${host}:${port}: ${fault.said}`,
    "this port may be one for plain text: set the server's TLS port in Server (usual: 6697), or UseTLS=false",
  );
  return false;
}
