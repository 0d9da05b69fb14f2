/** Errors of the outbox and its spool on the disk. */
import type { ErrorRow } from "./row";

export const OUTBOX_ERRORS = {
  OUTBOX_FULL: {
    text: "The outbox is full, so the new mail was refused",
    hint: "See why mails wait (status of the modem), send fewer, or raise the limits of the outbox.",
    class: "message",
  },
  OUTBOX_EXPIRED: {
    text: "The mail could not be sent within its maximum age",
    hint: "The cause names the last error; correct it, then retry the mail with the outbox node.",
    class: "message",
  },
  OUTBOX_DISCARDED: {
    text: "The mail was discarded by a person or a flow",
    hint: "Send it again if that was a mistake.",
    class: "message",
  },
  OUTBOX_SUPERSEDED: {
    text: "A newer mail with the same key (msg.replaces) took the place of this one",
    hint: "Nothing is wrong: the newer mail tells the current state.",
    class: "message",
  },
  OUTBOX_IN_DOUBT: {
    text: "It is not known yet what became of a mail in flight",
    hint: "Send the test mail when the outbox shows that mail no more: until then one result could pass for the other.",
    class: "transient",
  },
  OUTBOX_DISK: {
    text: "The mail could not be written to the disk",
    hint: "Check that the disk is not full or read-only and that Node-RED may write to its user directory.",
    class: "message",
  },
  OUTBOX_LOCKED: {
    text: "Another Node-RED uses the same outbox folder",
    hint: "Stop the other Node-RED, or give each its own user directory.",
    class: "setup",
  },
  OUTBOX_DAMAGED: {
    text: "A mail's record on the disk is damaged and was set aside",
    hint: "Look at the file that the message names; the other mails go on.",
    class: "message",
  },
  OUTBOX_NOT_FOUND: {
    text: "No mail with this id is in the outbox",
    hint: "List the outbox; the mail may have been sent already.",
    class: "message",
  },
  OUTBOX_CLOSED: {
    text: "The modem's node is being stopped",
    hint: "Send the message again after the deploy.",
    class: "message",
  },
} as const satisfies Record<string, ErrorRow>;
