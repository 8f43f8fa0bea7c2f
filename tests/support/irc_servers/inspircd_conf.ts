/** What differs between the InspIRCd servers of our tests. */
export interface InspircdOptions {
  /** Server password (PASS); default none. */
  readonly password?: string;
  /** Slows quick clients down (default true); false kills them with "Excess Flood" instead. */
  readonly fakelag?: boolean;
  /** Commands a second, in thousandths: InspIRCd's `commandrate` (default 1000: one a second after a burst of 10). */
  readonly commandRate?: number;
  /** Penalty a client may gather before it is slowed or killed; default 10. */
  readonly threshold?: number;
  /** Bytes a client may have waiting before it is killed ("RecvQ exceeded"); default 8192. */
  readonly recvQ?: number;
  /** Seconds of silence after which it sends a PING; default 120. */
  readonly pingFrequencyS?: number;
  /** Seconds a client may take to register; default 20. */
  readonly registrationTimeoutS?: number;
  /** Loads chanhistory: channel mode +H replays lines at a join. */
  readonly chanHistory?: boolean;
  /** Most lines that +H keeps; default 50. */
  readonly chanHistoryLines?: number;
  /** Loads SASL and opens a port for services (`startAtheme`). Without services it offers sasl and never answers. */
  readonly services?: boolean;
  /** Lines to add to the configuration; `{tlsPort}` stands for the port of TLS. */
  readonly extra?: string;
}

export interface InspircdPlaces {
  readonly dir: string;
  readonly plainPort: number;
  readonly tlsPort: number;
  /** For services. */
  readonly linkPort: number;
  readonly certPath: string;
  readonly keyPath: string;
}

/** Shared by both sides of the link between InspIRCd and services. */
export const LINK_PASSWORD = "linkpass";
export const SERVICES_NAME = "services.example.test";

const MODULES = [
  // TLS, hashes, what clients can negotiate
  ["ssl_gnutls", "sslinfo", "sslmodes", "sha256", "cap", "ircv3", "ircv3_accounttag"],
  ["ircv3_batch", "ircv3_capnotify", "ircv3_chghost", "ircv3_ctctags", "ircv3_echomessage"],
  ["ircv3_invitenotify", "ircv3_labeledresponse", "ircv3_msgid", "ircv3_servertime"],
  // what clients see
  ["uhnames", "namesx", "setname", "monitor", "cloaking", "chghost", "botmode", "deaf"],
  // channel modes that refuse or change what is said, and the operator commands that set up a fault
  ["blockcolor", "stripcolor", "noctcp", "nonotice", "nickflood", "messageflood", "joinflood"],
  ["kicknorejoin", "muteban", "nonicks", "redirect", "banredirect", "globops"],
  ["sakick", "sajoin", "sapart", "saquit", "sanick", "satopic", "samode"],
  ["spanningtree", "services_account"],
].flat();

/** Text of an inspircd.conf (version 3). */
export function inspircdConf(options: InspircdOptions, places: InspircdPlaces): string {
  const modules = [
    ...MODULES,
    ...(options.chanHistory === true ? ["chanhistory"] : []),
    ...(options.services === true ? ["sasl", "svshold"] : []),
  ];
  return [
    ...serverLines(places),
    connectLine(options),
    ...operatorLines(),
    ...limitLines(),
    ...modules.map((name) => `<module name="${name}">`),
    `<chanhistory maxlines="${
      options.chanHistoryLines ?? 50
    }" notice="no" enableumode="no" savefrombots="yes">`,
    ...(options.services === true ? serviceLines(places) : []),
    (options.extra ?? "").replaceAll("{tlsPort}", String(places.tlsPort)),
    "",
  ].join("\n");
}

function serverLines(places: InspircdPlaces): string[] {
  const { dir, plainPort, tlsPort, linkPort, certPath, keyPath } = places;
  const bind = `<bind address="127.0.0.1"`;
  return [
    `<config format="xml">`,
    `<server name="inspircd.example.test" description="InspIRCd of a test" network="TestNet" id="001">`,
    `<admin name="admin" nick="admin" email="admin@example.test">`,
    `${bind} port="${plainPort}" type="clients">`,
    `${bind} port="${tlsPort}" type="clients" sslprofile="test">`,
    `${bind} port="${linkPort}" type="servers">`,
    `<sslprofile name="test" provider="gnutls" certfile="${certPath}" keyfile="${keyPath}" hash="sha256">`,
    `<log method="stderr" type="* -USERINPUT -USEROUTPUT" level="default">`,
    `<path configdir="${dir}" datadir="${dir}" logdir="${dir}">`,
    `<cloak mode="half" key="a-key-for-tests-that-is-long-enough" prefix="test-">`,
  ];
}

function connectLine(options: InspircdOptions): string {
  const attributes = {
    name: "main",
    allow: "*",
    timeout: options.registrationTimeoutS ?? 20,
    pingfreq: options.pingFrequencyS ?? 120,
    hardsendq: 8_388_608,
    softsendq: 1_048_576,
    recvq: options.recvQ ?? 8192,
    threshold: options.threshold ?? 10,
    commandrate: options.commandRate ?? 1000,
    fakelag: options.fakelag === false ? "no" : "yes",
    localmax: 1000,
    globalmax: 1000,
    maxchans: 1000,
    maxconnwarn: "no",
    resolvehostnames: "no",
    useident: "no",
    ...(options.password === undefined ? {} : { password: options.password }),
  };
  const pairs = Object.entries(attributes).map(([key, value]) => `${key}="${value}"`);
  return `<connect ${pairs.join(" ")}>`;
}

/** `OPER oper operpass` may do everything. */
function operatorLines(): string[] {
  const commands =
    "DIE RESTART REHASH KILL KLINE GLINE ZLINE SAJOIN SAPART SAQUIT SANICK SAKICK SATOPIC SAMODE";
  return [
    `<class name="All" commands="${commands}" privs="users/auspex channels/auspex users/flood/no-throttle users/flood/no-fakelag" usermodes="*" chanmodes="*">`,
    `<type name="NetAdmin" classes="All">`,
    `<oper name="oper" password="operpass" host="*@*" type="NetAdmin">`,
  ];
}

function limitLines(): string[] {
  return [
    `<options prefixquit="Quit: " defaultmodes="not" syntaxhints="yes" hostintopic="yes" announcets="no">`,
    `<performance softlimit="4096" somaxconn="128" quietbursts="yes">`,
    `<security announceinvites="dynamic" hideulines="no" flatlinks="no" maxtargets="20" userstats="Pu">`,
    `<limits maxnick="30" maxchan="64" maxmodes="20" maxident="10" maxhost="64" maxquit="255" maxtopic="307" maxkick="255" maxreal="128" maxaway="200" maxline="512">`,
  ];
}

function serviceLines(places: InspircdPlaces): string[] {
  return [
    `<sasl target="${SERVICES_NAME}" requiressl="no">`,
    `<link name="${SERVICES_NAME}" ipaddr="127.0.0.1" allowmask="127.0.0.0/8" port="${places.linkPort}" sendpass="${LINK_PASSWORD}" recvpass="${LINK_PASSWORD}" timeout="15">`,
    `<uline server="${SERVICES_NAME}" silent="yes">`,
    `<badnick nick="NickServ" reason="Reserved for services">`,
  ];
}
