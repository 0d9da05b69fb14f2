/**
 * Errors 651..682 of the module's SMTP client, from its result line and from `+CME ERROR`.
 *
 * Source: Quectel EC2x&EG9x&EM05 SMTP AT Commands Manual V1.0, tables 1 and 2. The class is our own judgement; an
 * SMTP code of 4xx makes an error transient whatever number came with it. Mails sent over a socket of the module have
 * the same codes for the same replies of a server, without the number; what has no number is told of them alone.
 */
import type { ErrorRow } from "./row";

export const SMTP_ERRORS = {
  SMTP_UNKNOWN: {
    number: 651,
    text: "The module reported an error without a reason",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  SMTP_BUSY: {
    number: 652,
    text: "The module is still busy with another mail",
    hint: "Retried automatically. If the error persists, another program is using the module's mail client.",
    class: "transient",
  },
  SMTP_DNS_FAILED: {
    number: 653,
    text: "The mail server's name was not found",
    hint: "Check Server on the modem's Mail server tab, APN on the Network tab, and the DNS servers of the context.",
    class: "transient",
  },
  SMTP_NETWORK: {
    number: 654,
    text: "The mail server could not be reached",
    hint: "Check Server and Port on the modem's Mail server tab, signal and data connection, and whether the operator blocks the port.",
    class: "transient",
  },
  SMTP_AUTH_UNSUPPORTED: {
    number: 655,
    text: "The mail server offers no login method that the module supports",
    hint: 'The module supports LOGIN, and some firmware PLAIN. Set "Sent by" on the modem\'s Mail server tab to this package, or use a server or relay that offers LOGIN.',
    class: "setup",
  },
  SMTP_CLOSED_BY_SERVER: {
    number: 656,
    text: "The mail server closed the connection",
    hint: "Retried automatically. If the error persists, check Port and Encryption on the modem's Mail server tab (465 SSL/TLS, 587 STARTTLS).",
    class: "transient",
  },
  SMTP_PDP_DEACTIVATED: {
    number: 657,
    text: "The data connection was lost while sending",
    hint: "The data connection is activated again automatically.",
    class: "transient",
  },
  SMTP_TIMEOUT: {
    number: 658,
    text: "The mail was not sent in time",
    hint: "Check the signal, that Port and Encryption on the modem's Mail server tab match (465 SSL/TLS, 587 STARTTLS), and that the server offers the login method LOGIN.",
    class: "transient",
  },
  SMTP_NO_RECIPIENT: {
    number: 659,
    text: "The module has no recipient for the mail",
    hint: "Check the recipients of the mail.",
    class: "message",
  },
  SMTP_SEND_FAILED: {
    number: 660,
    text: "The module could not send the mail",
    hint: "Retried automatically.",
    class: "transient",
  },
  SMTP_FILE_OPEN_FAILED: {
    number: 661,
    text: "The module could not open an attachment",
    hint: "The attachment is uploaded and the mail sent again automatically.",
    class: "transient",
  },
  SMTP_NO_MEMORY: {
    number: 662,
    text: "The module does not have enough memory for the mail",
    hint: "Send smaller or fewer attachments.",
    class: "transient",
  },
  SMTP_ATTACHMENT_SAVE_FAILED: {
    number: 663,
    text: "The module could not save an attachment",
    hint: "Send smaller or fewer attachments.",
    class: "transient",
  },
  SMTP_PARAMETER: {
    number: 664,
    text: "The module rejected a parameter of the mail",
    hint: "Shorten the address, subject or file name. The message names the command.",
    class: "message",
  },
  SMTP_TLS_FAILED: {
    number: 665,
    text: "The secure connection to the mail server failed",
    hint: "Check Port and Encryption on the modem's Mail server tab, Root certificate on the Certificate tab, and the modem's clock.",
    class: "setup",
  },
  SMTP_TLS_CLOCK: {
    text: "The server's certificate is not valid at the time shown by the host's clock",
    hint: "Set the clock of this computer. If it is correct, the mail server needs a new certificate.",
    class: "transient",
  },
  SMTP_UTF8_UNSUPPORTED: {
    text: "The mail server does not accept addresses with letters beyond ASCII before the @ (SMTPUTF8)",
    hint: "Use an address without such letters, or a mail server that supports SMTPUTF8.",
    class: "message",
  },
  SMTP_TOKEN_REFUSED: {
    text: "The token endpoint refused to issue a token for the login (OAuth 2)",
    hint: "Check Directory (tenant), Client ID and Client secret, or the Key file, on the modem's Mail server tab. The message quotes the endpoint's response.",
    class: "setup",
  },
  SMTP_TOKEN_FAILED: {
    text: "No token for the login could be fetched (OAuth 2)",
    hint: "Retried automatically. If the error persists, check the token endpoint.",
    class: "transient",
  },
  SMTP_SERVICE_UNAVAILABLE: {
    number: 666,
    text: "The mail server is not available (421)",
    hint: "Retried automatically.",
    class: "transient",
  },
  SMTP_MAILBOX_BUSY: {
    number: 667,
    text: "The mailbox is busy (450)",
    hint: "Retried automatically.",
    class: "transient",
  },
  SMTP_LOCAL_ERROR: {
    number: 668,
    text: "The mail server reported a temporary error (451)",
    hint: "Retried automatically.",
    class: "transient",
  },
  SMTP_SERVER_STORAGE: {
    number: 669,
    text: "The mail server is out of storage (452)",
    hint: "Retried automatically. If the error persists, send to fewer recipients at once.",
    class: "transient",
  },
  SMTP_COMMAND_UNKNOWN: {
    number: 670,
    text: "The mail server does not recognize a command (500)",
    hint: "Check Server and Port on the modem's Mail server tab: the server must speak SMTP there.",
    class: "setup",
  },
  SMTP_ARGUMENT_SYNTAX: {
    number: 671,
    text: "The mail server rejected an address or parameter (501)",
    hint: "Check the Sender address on the modem's Mail server tab and the recipients (To in the smtp-send node, or msg.to).",
    class: "message",
  },
  SMTP_NOT_IMPLEMENTED: {
    number: 672,
    text: "The mail server does not support a command (502)",
    hint: "Check Server and Port on the modem's Mail server tab: the server must accept mail with a login there.",
    class: "setup",
  },
  SMTP_BAD_SEQUENCE: {
    number: 673,
    text: "The mail server reported a bad sequence of commands (503)",
    hint: "Check Username, Password and Encryption on the modem's Mail server tab. Many servers require a login first.",
    class: "setup",
  },
  SMTP_ARGUMENT_NOT_IMPLEMENTED: {
    number: 674,
    text: "The mail server does not support this login method (504)",
    hint: 'Set "Sent by" on the modem\'s Mail server tab to this package, or use a server or relay that offers the login method LOGIN.',
    class: "setup",
  },
  SMTP_HOST_ACCEPTS_NO_MAIL: {
    number: 675,
    text: "The host accepts no mail (521)",
    hint: "Check Server on the modem's Mail server tab.",
    class: "setup",
  },
  SMTP_ACCESS_DENIED: {
    number: 676,
    text: "The mail server requires encryption or a login first",
    hint: "Set Encryption to SSL/TLS or STARTTLS, and enter Username and Password on the modem's Mail server tab.",
    class: "setup",
  },
  SMTP_AUTH_FAILED: {
    number: 677,
    text: "The mail server rejected the username or password",
    hint: "Enter them again (Username and Password on the modem's Mail server tab). Many providers require an app password.",
    class: "setup",
  },
  SMTP_MAILBOX_UNAVAILABLE: {
    number: 678,
    text: "The mail server rejected the recipient or the mail (550)",
    hint: "Check the address (To in the smtp-send node, or msg.to). The server may also refuse to relay, or treat the mail as spam.",
    class: "message",
  },
  SMTP_USER_NOT_LOCAL: {
    number: 679,
    text: "The recipient does not belong to this server (551)",
    hint: "Check the recipient's address (To in the smtp-send node, or msg.to).",
    class: "message",
  },
  SMTP_MAIL_TOO_LARGE: {
    number: 680,
    text: "The mail is too large for the server or mailbox (552)",
    hint: "Send smaller or fewer attachments.",
    class: "message",
  },
  SMTP_MAILBOX_NAME: {
    number: 681,
    text: "The mail server does not allow the address (553)",
    hint: "Check the recipient (To in the smtp-send node, or msg.to) and the Sender address on the modem's Mail server tab: many servers require the account's own.",
    class: "message",
  },
  SMTP_TRANSACTION_FAILED: {
    number: 682,
    text: "The mail server rejected the mail (554 or another code)",
    hint: "The SMTP code in the result gives the reason. Ask the provider about it.",
    class: "message",
  },
} as const satisfies Record<string, ErrorRow>;
