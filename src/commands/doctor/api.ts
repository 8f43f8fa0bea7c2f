import type { ApiAccountConfig, MatterbridgeAccountConfig } from "../../config/options/config.ts";
import type { Bridge } from "../../relay/port/bridge.ts";
import { apiBridge, matterbridgeBridge } from "../setup/api.ts";
import { type DoctorContext, hearing } from "./checks.ts";
import type { RowWriter } from "./rows.ts";

/** One row: whether the API can listen, or the Matterbridge greets. No gateway is used for it. */
export async function checkApiAccount(
  account: ApiAccountConfig | MatterbridgeAccountConfig,
  context: DoctorContext,
  rows: RowWriter,
  signal: AbortSignal,
): Promise<void> {
  const { config: { general }, clock, logging, beside } = context;
  const log = logging.logger([account.protocol, account.name]);
  if (account.protocol === "matterbridge") {
    const bridge = matterbridgeBridge(account, { clock, log });
    const reason = await whyNotUp(bridge, signal);
    if (reason === null) {
      return rows.ok("connection", `Matterbridge greets at ${account.options.url}`);
    }
    return rows.broken("connection", reason, "compare URL and Token with its [api.NAME]");
  }
  if (beside !== null) return rows.skipped("port", "the relay that runs listens on it");
  const reason = await whyNotUp(
    apiBridge(account, { general, clock, log, problems: () => [] }),
    signal,
  );
  if (reason === null) return rows.ok("port", "the API can listen on it");
  rows.broken("port", reason, "free the port, or choose another BindAddress");
}

/** Connects, and disconnects as soon as it is connected. Null if that went well. */
async function whyNotUp(bridge: Bridge, signal: AbortSignal): Promise<string | null> {
  const up = new AbortController();
  const host = hearing({ linkUp: () => up.abort() });
  const end = await bridge.runOnce(host, AbortSignal.any([signal, up.signal]));
  return up.signal.aborted ? null : end.reason;
}
