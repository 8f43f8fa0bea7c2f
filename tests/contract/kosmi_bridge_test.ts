import { bridgeContract } from "./bridge_contract.ts";
import { kosmiWorld } from "./kosmi_world.ts";

bridgeContract("kosmi, times in seconds", kosmiWorld({ timeUnit: "seconds" }));

bridgeContract(
  "kosmi, times in milliseconds, no introspection",
  kosmiWorld({ timeUnit: "milliseconds", introspection: "off" }),
);

bridgeContract(
  "kosmi, everything twice and the echo first",
  kosmiWorld({
    duplicates: 1,
    echoFirst: true,
    sendReturnsId: true,
    archivePageSize: 7,
  }),
);
