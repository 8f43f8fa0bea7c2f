import { bridgeContract } from "./bridge_contract.ts";
import { ircWorld } from "./irc_world.ts";

bridgeContract("irc", ircWorld({ server: { chatHistory: true }, history: true, ids: true }));

bridgeContract("irc without a history", ircWorld({ server: {}, history: false, ids: true }));

bridgeContract(
  "irc without any capability",
  ircWorld({ server: { capabilities: [], longLines: "close" }, history: false, ids: false }),
);
