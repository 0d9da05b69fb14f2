/** Errors of a message or a setting, found before anything reaches the modem. */
import type { ErrorRow } from "./row";

export const MESSAGE_ERRORS = {
  INVALID_ARGUMENT: {
    text: "A value cannot be used in an AT command",
    hint: "Remove control characters, line ends and double quotes from the value.",
    class: "message",
  },
  INVALID_RECIPIENT: {
    text: "A recipient is not a valid email address",
    hint: "Enter each recipient as name@example.com, separated by commas, under To in the smtp-send node or in msg.to.",
    class: "message",
  },
  INVALID_NO_RECIPIENT: {
    text: "The mail has no recipient",
    hint: "Fill in To in the smtp-send node, or set msg.to.",
    class: "message",
  },
  INVALID_SENDER: {
    text: "The sender is not a valid email address",
    hint: "Correct the Sender address on the modem's Mail server tab, or msg.from.",
    class: "message",
  },
  INVALID_SUBJECT: {
    text: "The subject contains a line break or another control character",
    hint: "Use a single line of text as the subject.",
    class: "message",
  },
  INVALID_BODY: {
    text: "The body cannot be converted to text",
    hint: "Set msg.payload to a string, number, boolean, Buffer, or an object that can be converted to JSON.",
    class: "message",
  },
  INVALID_ATTACHMENT: {
    text: "An attachment is not valid",
    hint: "Pass each attachment as {filename, content}, where content is a Buffer or a string.",
    class: "message",
  },
  INVALID_ATTACHMENT_PATH: {
    text: "An attachment's path is not allowed",
    hint: "Add the folder to quectelModemAttachmentPaths in settings.js, or send the content instead of a path.",
    class: "message",
  },
  INVALID_PRIORITY: {
    text: "The priority is invalid",
    hint: "Use high, normal or low.",
    class: "message",
  },
  INVALID_ACTION: {
    text: "The action is invalid",
    hint: "Use one of the actions listed in the help of this node.",
    class: "message",
  },
  INVALID_CONFIG: {
    text: "A setting of the node is missing or invalid",
    hint: "Open the node's dialog and correct the field named in the message.",
    class: "setup",
  },
  INVALID_CREDENTIAL: {
    text: "The stored password was saved for different connection settings and is not used",
    hint: "Enter the password again: server, port, encryption, certificate verification or connection has changed since it was saved.",
    class: "setup",
  },
  LIMIT_RECIPIENTS: {
    text: "The mail has too many recipients",
    hint: 'Send to a mailing list. For more than 20 recipients at a time, set "Sent by" to this package.',
    class: "message",
  },
  LIMIT_ADDRESS: {
    text: "An email address is too long for the module",
    hint: 'Most modules accept at most 50 bytes. Set "Sent by" to this package, or use a shorter address or an alias.',
    class: "message",
  },
  LIMIT_SUBJECT: {
    text: "The subject is too long for the module",
    hint: 'Most modules accept at most 100 bytes. Set "Sent by" to this package, or shorten the subject.',
    class: "message",
  },
  LIMIT_BODY: {
    text: "The body is too long for the module",
    hint: 'Set "Sent by" to this package, shorten the body to 10240 bytes, or send the text as an attachment.',
    class: "message",
  },
  LIMIT_ATTACHMENTS: {
    text: "The mail has more attachments than the module supports",
    hint: "Send at most 10 attachments, or pack them into one archive.",
    class: "message",
  },
  LIMIT_ATTACHMENT_SIZE: {
    text: "The attachments are too large for the module's memory",
    hint: 'Set "Sent by" to this package, which stores no files in the module, or send smaller or fewer files.',
    class: "message",
  },
  LIMIT_FILE_NAME: {
    text: "A file name is too long for the module",
    hint: 'Set "Sent by" to this package, or use a file name of at most 80 characters.',
    class: "message",
  },
  LIMIT_CREDENTIALS: {
    text: "The username or password is too long for the module",
    hint: 'Most modules accept at most 50 bytes each as Username and Password on the modem\'s Mail server tab. Set "Sent by" to this package, or use a relay with a shorter key.',
    class: "setup",
  },
  LIMIT_SERVER: {
    text: "The mail server's name is too long for the module",
    hint: 'Most modules accept at most 50 bytes. Set "Sent by" to this package, or enter a shorter name or the IP address as Server on the modem\'s Mail server tab.',
    class: "setup",
  },
} as const satisfies Record<string, ErrorRow>;
