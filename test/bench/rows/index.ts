/** All rows, in the order of the table. */
import type { Row } from "../row";
import { acceptance } from "./acceptance";
import { alertTime } from "./alert-time";
import { atRest } from "./at-rest";
import { commandLines } from "./command-lines";
import { endlessLine } from "./endless-line";
import { enqueue } from "./enqueue";
import { eventLoop } from "./event-loop";
import { installedSize } from "./installed-size";
import { largeMessages } from "./large-messages";
import { load } from "./load";
import { mailPath } from "./mail-path";
import { mailShares } from "./mail-shares";
import { modems } from "./modems";
import { nextMail } from "./next-mail";
import { queueGrowth } from "./queue-growth";
import { roundTrip } from "./round-trip";
import { serialMail } from "./serial-mail";
import { socketMail } from "./socket-mail";
import { sockets } from "./sockets";
import { socketScript } from "./socket-script";
import { tokenMail } from "./token-mail";
import { tokenizer } from "./tokenizer";
import { waitingMails } from "./waiting-mails";
import { wireEfficiency } from "./wire-efficiency";

export const ROWS: readonly Row[] = [
  wireEfficiency,
  commandLines,
  mailPath,
  alertTime,
  acceptance,
  mailShares,
  roundTrip,
  serialMail,
  sockets,
  socketMail,
  socketScript,
  tokenMail,
  tokenizer,
  endlessLine,
  enqueue,
  queueGrowth,
  waitingMails,
  nextMail,
  modems,
  eventLoop,
  largeMessages,
  atRest,
  load,
  installedSize,
];
