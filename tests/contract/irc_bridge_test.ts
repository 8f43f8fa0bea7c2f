import { bridgeContract } from "./bridge_contract.ts";
import { ircWorld } from "./irc_world.ts";

bridgeContract(
  "irc",
  ircWorld({ server: { chatHistory: true, redaction: true }, history: true, ids: true }),
);

bridgeContract("irc without a history", ircWorld({ server: {}, history: false, ids: true }));

bridgeContract(
  "irc without message ids",
  ircWorld({
    server: { chatHistory: true, msgids: false },
    history: true,
    ids: false,
  }),
);

bridgeContract(
  "irc without any capability",
  ircWorld({ server: { capabilities: [], longLines: "close" }, history: false, ids: false }),
);
