import type { Clock } from "../../base/clock.ts";
import type { Logger } from "../../base/log.ts";
import { ApiBridge, type ApiBridgeOptions } from "../../bridges/api/bridge.ts";
import { MatterbridgeBridge, type MatterbridgeOptions } from "../../bridges/matterbridge/bridge.ts";
import { apiAddress, bufferSize } from "../../config/options/api.ts";
import type {
  ApiAccountConfig,
  GeneralConfig,
  MatterbridgeAccountConfig,
} from "../../config/options/config.ts";
import type { AccountId } from "../../relay/port/ids.ts";

export interface ApiSetup {
  readonly general: GeneralConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** What keeps the relay from relaying now, one sentence each. */
  readonly problems: () => readonly string[];
}

/** An API account of the configuration as a bridge. */
export function apiBridge(account: ApiAccountConfig, setup: ApiSetup): ApiBridge {
  return new ApiBridge(apiOptionsOf(account, setup));
}

/** What the configuration says of an API account, in the bridge's terms. */
export function apiOptionsOf(
  { id, options }: ApiAccountConfig,
  { general, clock, log, problems }: ApiSetup,
): ApiBridgeOptions {
  return {
    account: id as AccountId,
    ...apiAddress(options.bindAddress),
    token: options.token,
    allowOrigins: options.allowOrigins,
    buffer: bufferSize(options.buffer),
    maxAgeMs: general.outboxMaxAgeMs,
    problems,
    clock,
    log,
  };
}

/** A Matterbridge account of the configuration as a bridge. */
export function matterbridgeBridge(
  account: MatterbridgeAccountConfig,
  setup: Pick<ApiSetup, "clock" | "log">,
): MatterbridgeBridge {
  return new MatterbridgeBridge(matterbridgeOptionsOf(account, setup));
}

/** What the configuration says of a Matterbridge account, in the bridge's terms. */
export function matterbridgeOptionsOf(
  { id, options }: MatterbridgeAccountConfig,
  { clock, log }: Pick<ApiSetup, "clock" | "log">,
): MatterbridgeOptions {
  const url = options.url.replace(/\/+$/, "");
  return {
    account: id as AccountId,
    ...{ url, token: options.token, gateway: options.gateway, clock, log },
  };
}
