import { apiWorld } from "./api_world.ts";
import { bridgeContract } from "./bridge_contract.ts";

bridgeContract("api", apiWorld(), ["dial", "entry", "refusal", "pace"]);
