import { bridgeContract } from "./bridge_contract.ts";
import { matterbridgeWorld } from "./matterbridge_world.ts";

bridgeContract("matterbridge", matterbridgeWorld(), ["entry"]);
