import type { Channels } from "../channels/channels.ts";
import type { Link } from "../link/link.ts";
import type { FirstCommands } from "../login/first_commands.ts";
import type { Registration } from "../login/registration.ts";
import { WHOIS } from "../login/service.ts";
import { type IrcMessage, lastParam, param, serverTimeMs } from "../wire/message.ts";
import type { Membership } from "./membership.ts";
import type { Messages } from "./messages.ts";
import type { Replies } from "./replies.ts";

/** Who handles what comes in. */
interface IncomingParts {
  readonly registration: Registration;
  readonly firstCommands: FirstCommands;
  readonly channels: Channels;
  readonly messages: Messages;
  readonly membership: Membership;
  readonly replies: Replies;
}

/** `label`: the command of ours that the line answers. */
type Handler = (message: IrcMessage, label: string | null) => void;

/** The table: command -> handler. Nobody else looks at a line from the server, but for batches and its last words. */
export class Incoming {
  readonly #link: Link;
  readonly #parts: IncomingParts;
  readonly #login: ReadonlyMap<string, Handler>;
  readonly #after: ReadonlyMap<string, Handler>;
  #welcomedBy: string | null = null;

  constructor(link: Link, parts: IncomingParts) {
    this.#link = link;
    this.#parts = parts;
    this.#login = new Map([...this.#always(), ...this.#beforeWelcome()]);
    this.#after = new Map([...this.#always(), ...this.#afterWelcome()]);
  }

  handle(message: IrcMessage, label: string | null): void {
    const isNumeric = /^\d{3}$/.test(message.command);
    if (isNumeric) this.#hearNick(message);
    const { registration, replies } = this.#parts;
    const { through } = this.#link;
    // The question to the network is about a channel that is none: whichever numeric answers it.
    if (isNumeric && through.answered(param(message, 1), serverTimeMs(message))) return;
    const handler = (registration.isOver ? this.#after : this.#login).get(message.command);
    if (handler !== undefined) handler(message, label);
    else if (registration.isOver && isNumeric) replies.numeric(message, label);
  }

  #pinged(token: string): void {
    const { bouncer, host, send } = this.#link;
    const answer = () => send({ command: "PONG", params: [token] });
    if (!bouncer.present || !token.startsWith("soju-msgid-")) return answer();
    // soju takes this answer for the receipt of all that it has shown us, and shows it no more: not before it is stored.
    this.#parts.channels.entering.whenUp(() => void host.stored().then(answer));
  }

  /** Every numeric begins with our nick: a bouncer may have changed it without a word. */
  #hearNick(message: IrcMessage): void {
    const { self } = this.#link;
    const nick = param(message, 0);
    const isTrusted = this.#welcomedBy !== null && message.nick === this.#welcomedBy;
    if (isTrusted && nick !== "" && nick !== "*" && !self.is(nick)) self.nick = nick;
  }

  *#always(): Iterable<readonly [string, Handler]> {
    const { registration, membership } = this.#parts;
    const { bouncer, fence, self, server } = this.#link;
    const toRegistration: Handler = (message) => void registration.handle(message);
    yield ["PING", (message) => this.#pinged(lastParam(message))];
    yield ["PONG", (message) => {
      const isOurs = fence.answered(lastParam(message), serverTimeMs(message));
      if (isOurs) bouncer.ponged(message.nick);
    }];
    yield ["396", (message) => self.hostShown(param(message, 1))];
    // Some servers tell their features again when they change.
    yield ["005", (message) => {
      server.add(message.params);
      if (server.has("UTF8ONLY")) this.#link.useUtf8();
    }];
    yield ["NICK", (message) => membership.renamed(message)];
    yield ["CAP", toRegistration];
    for (const command of SASL) yield [command, toRegistration];
  }

  *#beforeWelcome(): Iterable<readonly [string, Handler]> {
    const { registration } = this.#parts;
    const toRegistration: Handler = (message) => void registration.handle(message);
    for (const command of REGISTRATION) yield [command, toRegistration];
    yield ["001", (message) => {
      this.#welcomed(message);
      registration.handle(message);
    }];
  }

  #welcomed(message: IrcMessage): void {
    this.#welcomedBy = message.nick === "" ? null : message.nick;
    this.#link.bouncer.welcomed(message.nick);
    this.#hearNick(message);
  }

  *#afterWelcome(): Iterable<readonly [string, Handler]> {
    const { channels, firstCommands, membership, messages, registration, replies } = this.#parts;
    const { self } = this.#link;
    yield ["PRIVMSG", (message, label) => messages.said(message, label)];
    yield ["NOTICE", (message, label) => {
      firstCommands.noticed(message);
      messages.said(message, label);
    }];
    yield ["TAGMSG", (message, label) => messages.tagged(message, label)];
    yield ["REDACT", (message, label) => messages.redacted(message, label)];
    yield ["TOPIC", (message, label) => messages.topic(message, label)];
    yield ["JOIN", (message) => membership.joined(message)];
    yield ["PART", (message) => membership.parted(message)];
    yield ["KICK", (message) => membership.kicked(message)];
    yield ["QUIT", (message) => membership.quit(message)];
    yield ["ACCOUNT", (message) => membership.account(message)];
    yield ["CHGHOST", (message) => membership.hostChanged(message)];
    yield ["RENAME", (message) => membership.channelRenamed(message)];
    yield ["INVITE", (message) => {
      if (self.is(param(message, 0))) channels.invited(param(message, 1));
    }];
    yield ["ACK", (_, label) => replies.acknowledged(label)];
    yield ["FAIL", (message, label) => replies.failed(message, label)];
    yield ["263", (message) => replies.tooFast(message)];
    yield ["439", (message) => replies.tooFast(message)];
    yield ["421", (message, label) => replies.unknownCommand(message, label)];
    for (const command of WHOIS) {
      yield [command, (message, label) => {
        if (!firstCommands.service.heard(message)) replies.numeric(message, label);
      }];
    }
    // A bouncer that gets its connection back shows the network's welcome then.
    yield ["001", (message) => this.#welcomed(message)];
    yield ["353", (message) => membership.names(message)];
    yield ["731", (message) => membership.gone(message)];
    yield ["366", (message) => channels.entering.namesComplete(param(message, 1))];
    yield ["900", (message) => {
      registration.handle(message);
      firstCommands.loggedIn();
    }];
  }
}

const SASL = ["AUTHENTICATE", "900", "901", "902", "903", "904", "905", "906", "907", "908"];
const REGISTRATION = ["376", "421", "422", "432", "433", "436", "437", "451"];
