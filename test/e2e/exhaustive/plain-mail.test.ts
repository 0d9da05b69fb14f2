/** A plain mail to one recipient, and a short one after it. */
import { mail } from "../transaction/mail-rig";
import { testDialogue } from "./dialogue-suite";

testDialogue("a plain mail of 1360 bytes", [
  mail({ text: "Level too high.\r\n".repeat(80) }),
  mail({ subject: "Pump 7 again" }),
]);
