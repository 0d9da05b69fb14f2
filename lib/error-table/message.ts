/** Errors of a message or a setting, found before anything reaches the modem. */
import type { ErrorRow } from "./row";

export const MESSAGE_ERRORS = {
  INVALID_ARGUMENT: {
    text: "A value cannot be put into an AT command",
    hint: "Remove control characters, line ends and double quotes from the value.",
    class: "message",
  },
  INVALID_RECIPIENT: {
    text: "A recipient is not a valid e-mail address",
    hint: "Give each recipient as name@example.com; separate several by commas.",
    class: "message",
  },
  INVALID_NO_RECIPIENT: {
    text: "The mail has no recipient",
    hint: "Fill in To in the smtp-send node, or set msg.to.",
    class: "message",
  },
  INVALID_SENDER: {
    text: "The sender is not a valid e-mail address",
    hint: "Correct the sender address of the modem's mail settings, or msg.from.",
    class: "message",
  },
  INVALID_SUBJECT: {
    text: "The subject holds a line end or another control character",
    hint: "Use a single line of text as subject.",
    class: "message",
  },
  INVALID_BODY: {
    text: "The body cannot be turned into text",
    hint: "Use a string, number, boolean, Buffer or an object that JSON can carry as msg.payload.",
    class: "message",
  },
  INVALID_ATTACHMENT: {
    text: "An attachment is not valid",
    hint: "Give each attachment as {filename, content}; content is a Buffer or a string.",
    class: "message",
  },
  INVALID_ATTACHMENT_PATH: {
    text: "An attachment's path is not allowed",
    hint: "Name the folder in quectelModemAttachmentPaths of settings.js, or send the content instead of a path.",
    class: "message",
  },
  INVALID_PRIORITY: {
    text: "The priority is not known",
    hint: "Use high, normal or low.",
    class: "message",
  },
  INVALID_ACTION: {
    text: "The action is not known",
    hint: "Use one of the actions that the help of this node lists.",
    class: "message",
  },
  INVALID_CONFIG: {
    text: "A setting of the node is missing or not valid",
    hint: "Open the node's dialog and correct the field that the message names.",
    class: "setup",
  },
  INVALID_CREDENTIAL: {
    text: "A stored password is not used with other settings than those it was stored with",
    hint: "Type it again: server, port, encryption, certificate check or connection has changed since.",
    class: "setup",
  },
  LIMIT_RECIPIENTS: {
    text: "The mail has more recipients than the module carries",
    hint: "Send to at most 20 recipients, or to a mailing list.",
    class: "message",
  },
  LIMIT_ADDRESS: {
    text: "An e-mail address is too long for the module",
    hint: "Use a shorter address or an alias; most modules take 50 bytes.",
    class: "message",
  },
  LIMIT_SUBJECT: {
    text: "The subject is too long for the module",
    hint: "Shorten the subject; most modules take 100 bytes.",
    class: "message",
  },
  LIMIT_BODY: {
    text: "The body is too long for the module",
    hint: "Shorten the body to 10240 bytes, or send the text as an attachment.",
    class: "message",
  },
  LIMIT_ATTACHMENTS: {
    text: "The mail has more attachments than the module carries",
    hint: "Send at most 10 attachments, or pack them into one file.",
    class: "message",
  },
  LIMIT_ATTACHMENT_SIZE: {
    text: "The attachments are too large for the module's memory",
    hint: "Send smaller or fewer files.",
    class: "message",
  },
  LIMIT_FILE_NAME: {
    text: "A file name is too long for the module",
    hint: "Use a file name of at most 80 characters.",
    class: "message",
  },
  LIMIT_CREDENTIALS: {
    text: "The user name or password is too long for the module",
    hint: "Most modules take 50 bytes each; use a relay whose key is shorter.",
    class: "setup",
  },
  LIMIT_SERVER: {
    text: "The mail server's name is too long for the module",
    hint: "Most modules take 50 bytes; use a shorter name or the address.",
    class: "setup",
  },
} as const satisfies Record<string, ErrorRow>;
