/** The QSMTP commands of the module (fact base 2.1 to 2.7). */
import type { Feature } from "../device/command";
import { smtpAttachmentCommands } from "./smtp-attachments";
import { smtpContentCommands } from "./smtp-content";
import { smtpPutCommands } from "./smtp-put";
import { smtpSettingsCommands } from "./smtp-settings";

export const smtpFeature: Feature = {
  name: "smtp",
  commands: {
    ...smtpSettingsCommands,
    ...smtpContentCommands,
    ...smtpAttachmentCommands,
    ...smtpPutCommands,
  },
};
