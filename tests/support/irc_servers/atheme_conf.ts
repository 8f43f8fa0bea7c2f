import { LINK_PASSWORD, SERVICES_NAME } from "./inspircd_conf.ts";

const MODULES = [
  ["protocol/inspircd", "backend/opensex", "crypto/pbkdf2v2"],
  ["nickserv/main", "nickserv/register", "nickserv/identify", "nickserv/info", "nickserv/group"],
  ["nickserv/ghost", "nickserv/cert", "nickserv/enforce"],
  ["nickserv/set_password"],
  ["chanserv/main", "chanserv/register", "operserv/main"],
  ["saslserv/main", "saslserv/plain", "saslserv/external", "saslserv/ecdsa-nist256p-challenge"],
].flat();

/** Text of an atheme.conf that links to InspIRCd's `linkPort`. */
export function athemeConf(linkPort: number): string {
  const service = (block: string, nick: string) =>
    `${block} { nick = "${nick}"; user = "${nick}"; host = "${SERVICES_NAME}"; real = "${nick}"; };`;
  return `${MODULES.map((name) => `loadmodule "modules/${name}";`).join("\n")}
serverinfo {
  name = "${SERVICES_NAME}"; desc = "services"; numeric = "00A"; recontime = 1; netname = "TestNet";
  adminname = "admin"; adminemail = "admin@example.test"; registeremail = "noreply@example.test";
  maxlogins = 100; maxusers = 0; maxnicks = 10; maxchans = 50; mdlimit = 30; emaillimit = 10; emailtime = 300;
  auth = none; casemapping = rfc1459;
};
uplink "inspircd.example.test" {
  host = "127.0.0.1"; port = ${linkPort};
  send_password = "${LINK_PASSWORD}"; receive_password = "${LINK_PASSWORD}";
};
${service("nickserv", "NickServ")}
${service("chanserv", "ChanServ")}
${service("operserv", "OperServ")}
${service("saslserv", "SaslServ")}
database { };
general {
  permissive_mode; flood_msgs = 0; kline_time = 7; commit_interval = 5;
  default_clone_allowed = 1000; default_clone_warn = 900;
};
`;
}
