import type { Commands } from "../context.ts";
import { capabilityCommands } from "./capability.ts";
import { channelCommands } from "./channels.ts";
import { chatHistoryCommands } from "./chat_history.ts";
import { messageCommands } from "./messages.ts";
import { modeCommands } from "./modes.ts";
import { peopleCommands } from "./people.ts";
import { registrationCommands } from "./registration.ts";
import { relayMessageCommands } from "./relay_message.ts";
import { saslCommands } from "./sasl.ts";
import { serverInfoCommands } from "./server_info.ts";

/** Every command that clients may send. */
export const COMMANDS: Commands = {
  ...capabilityCommands,
  ...channelCommands,
  ...chatHistoryCommands,
  ...messageCommands,
  ...modeCommands,
  ...peopleCommands,
  ...registrationCommands,
  ...relayMessageCommands,
  ...saslCommands,
  ...serverInfoCommands,
};
