import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { KosmiBridge } from "../../bridges/kosmi/bridge.ts";
import type {
  CredentialSource,
  KosmiBridgeOptions,
  KosmiEndpoints,
  PictureNetwork,
  WebAppKnowledge,
} from "../../bridges/kosmi/link/options.ts";
import { parseOverrides } from "../../bridges/kosmi/protocol/operations.ts";
import type { KosmiProtocol } from "../../bridges/kosmi/protocol/protocol.ts";
import type { GeneralConfig, KosmiAccountConfig } from "../../config/options/config.ts";
import { LEAST_HISTORY } from "../../relay/port/bridge.ts";
import type { AccountId } from "../../relay/port/ids.ts";

interface KosmiSetup {
  readonly general: GeneralConfig;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly credentials: CredentialSource;
  /** What is known of how the web app speaks. Default: nothing is learned. */
  readonly app?: WebAppKnowledge;
  /** For tests, whose pictures lie on this machine. */
  readonly pictureNetwork?: PictureNetwork;
}

/** A Kosmi account of the configuration as a bridge. Throws when its overrides do not hold. */
export function kosmiBridge(account: KosmiAccountConfig, setup: KosmiSetup): KosmiBridge {
  return new KosmiBridge(kosmiOptionsOf(account, setup));
}

/** What the configuration says of a Kosmi account, in the bridge's terms. Throws when its overrides do not hold. */
export function kosmiOptionsOf(
  account: KosmiAccountConfig,
  setup: KosmiSetup,
): KosmiBridgeOptions {
  const { clock, random, log, general, credentials } = setup;
  const { options } = account;
  return {
    ...options,
    account: account.id as AccountId,
    endpoints: endpointsOf(account),
    room: options.roomUrl,
    credentials,
    protocol: protocolOf(account),
    ...(setup.app === undefined ? {} : { app: setup.app }),
    history: { maxMessages: Math.max(LEAST_HISTORY, general.catchUpMaxMessages) },
    ...(setup.pictureNetwork === undefined ? {} : { pictureNetwork: setup.pictureNetwork }),
    clock,
    random,
    log,
  };
}

/** Where the account's service is. */
export function endpointsOf({ options }: KosmiAccountConfig): KosmiEndpoints {
  const { appUrl, httpEndpoint, wsEndpoint, imageEndpoint } = options;
  return { appUrl, httpEndpoint, wsEndpoint, imageEndpoint };
}

/** What is known of the service, with the account's overrides. Throws a sentence with every fault of theirs. */
export function protocolOf(account: KosmiAccountConfig): KosmiProtocol {
  const { protocol, faults } = parseOverrides(account.options.overrides);
  if (faults.length === 0) return protocol;
  const list = faults.map((fault) => `${["overrides", ...fault.path].join(".")}: ${fault.problem}`)
    .join("; ");
  throw new Error(`Cannot use the overrides: ${list}`);
}
