/** A plain mail to one recipient, and a short one after it. */
import { ascii, mail } from "../transaction/mail-rig";
import { testDialogue } from "./dialogue-suite";

testDialogue("a plain mail of 1360 bytes", [
  mail({ body: ascii("Level too high.\r\n".repeat(80)) }),
  mail({ subject: ascii("Pump 7 again") }),
]);
