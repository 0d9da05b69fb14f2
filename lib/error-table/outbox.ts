/** Errors of the outbox and its spool on the disk, and of the package itself there. */
import type { ErrorRow } from "./row";

export const OUTBOX_ERRORS = {
  OUTBOX_FULL: {
    text: "The outbox is full, so the new mail was rejected",
    hint: "See the modem's status for the reason why mails are waiting, send fewer, or raise Queue limit or Disk space.",
    class: "message",
  },
  OUTBOX_EXPIRED: {
    text: "The mail expired before it could be sent",
    hint: "Fix the last error, which is given as the cause, then retry the mail with the outbox node.",
    class: "message",
  },
  OUTBOX_DISCARDED: {
    text: "The mail was discarded by a user or a flow",
    hint: "Send it again if this was a mistake.",
    class: "message",
  },
  OUTBOX_SUPERSEDED: {
    text: "A newer mail with the same key (msg.replaces) replaced this one",
    hint: "No action is needed: the newer mail reports the current state.",
    class: "message",
  },
  OUTBOX_IN_DOUBT: {
    text: "The result of a mail in flight is not known yet",
    hint: "Send the test mail when that mail is no longer in the outbox. Until then the two results could be confused.",
    class: "transient",
  },
  OUTBOX_DISK: {
    text: "The outbox could not read or write a file on disk",
    hint: "Check that the disk is not full, read-only or failing, and that Node-RED can read and write its user directory.",
    class: "message",
  },
  OUTBOX_LOCKED: {
    text: "Another Node-RED is using the same outbox folder",
    hint: "Stop the other Node-RED, or give each its own user directory.",
    class: "setup",
  },
  OUTBOX_DAMAGED: {
    text: "Data of the outbox on disk is damaged or cannot be used",
    hint: "Inspect what the message names, and check the disk for faults. Mails that it does not name are not lost.",
    class: "message",
  },
  OUTBOX_NOT_FOUND: {
    text: "The outbox has no mail with this id",
    hint: "List the outbox. The mail may already have been sent.",
    class: "message",
  },
  PACKAGE_UPDATED: {
    text: "The package was updated on disk, so a part of it cannot be loaded until Node-RED is restarted",
    hint: "Restart Node-RED. Waiting mails stay in the outbox and are sent afterwards. If the error persists, install the package again.",
    class: "setup",
  },
  OUTBOX_CLOSED: {
    text: "The modem node is being stopped",
    hint: "Send the message again after the deploy.",
    class: "message",
  },
} as const satisfies Record<string, ErrorRow>;
