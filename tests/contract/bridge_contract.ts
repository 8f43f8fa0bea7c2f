import { channelTests } from "./channel_contract.ts";
import { endingTests } from "./ending_contract.ts";
import { eventTests } from "./event_contract.ts";
import { historyTests } from "./history_contract.ts";
import { receiptTests } from "./receipt_contract.ts";
import { Stage } from "./stage.ts";
import { stoppingTests } from "./stopping_contract.ts";
import { textTests } from "./text_contract.ts";
import { transmitTests } from "./transmit_contract.ts";
import type { MakeWorld, Need, World, WorldOptions } from "./world.ts";

/** Registers one test of the contract; `channels` picks what a gateway uses, default the first channel. */
export type ContractTest = (
  name: string,
  body: (stage: Stage, world: World) => Promise<void>,
  options?: WorldOptions & {
    readonly channels?: (world: World) => readonly string[];
    readonly needs?: readonly Need[];
  },
) => void;

/**
 * What every bridge promises by src/relay/port/bridge.ts, as tests: `makeWorld` is called for each with a service of its
 * own. Tests that need what the service `lacks` are left out. After each test nothing may be left of the bridge, no call that the port forbids was made, and no secret was
 * told.
 */
export function bridgeContract(
  name: string,
  makeWorld: MakeWorld,
  lacks: readonly Need[] = [],
): void {
  const test: ContractTest = (title, body, { channels, needs = [], ...options } = {}) => {
    if (needs.some((need) => lacks.includes(need))) return;
    Deno.test(`${name}: ${title}`, async () => {
      await using world = await makeWorld(options);
      const stage = new Stage(world, channels?.(world));
      try {
        await body(stage, world);
      } finally {
        world.proxy.resume();
        await stage.stop();
      }
      await stage.connectionGone();
      stage.check();
    });
  };
  stoppingTests(test);
  if (!lacks.includes("dial")) endingTests(test);
  channelTests(test);
  eventTests(test);
  transmitTests(test);
  receiptTests(test);
  textTests(test);
  historyTests(test);
}
