import type { AccountConfig } from "../../config/options/config.ts";
import type { AccountSettings } from "../../relay/port/settings.ts";

/** What the configuration says of an account, in the core's terms. */
export function accountSettings(account: AccountConfig): AccountSettings {
  return {
    label: account.label,
    ignoreNicks: account.ignoreNicks,
    ignoreMessages: account.ignoreMessages,
    replaceMessages: account.replaceMessages,
    replaceNicks: account.replaceNicks,
    extractNicks: account.extractNicks,
    noSendJoinPart: account.noSendJoinPart,
    remoteNickFormat: account.remoteNickFormat,
    stripNick: account.stripNick,
    colorNicks: account.protocol === "irc" && account.colorNicks,
    editSuffix: account.editSuffix,
    editDisable: account.editDisable,
    showDeletes: account.showDeletes,
    showReactions: account.showReactions,
    showReplies: account.showReplies,
    showJoinPart: account.showJoinPart,
    showJoinPartFor: account.showJoinPartFor,
    verboseJoinPart: account.verboseJoinPart,
    showQuit: account.showQuit,
    showNickChange: account.showNickChange,
    showTopicChange: account.showTopicChange,
    syncTopic: account.syncTopic,
  };
}
