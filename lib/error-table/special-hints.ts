/**
 * Hints for circumstances in which more can be said than the hint of the error's code.
 *
 * They stand here and not where they are given, because the editor shows each in the language of the person who looks.
 */

export const SPECIAL_HINTS = {
  /** Bytes of an upload or a text did not arrive. */
  lostBytes: "Bytes are lost on the serial line. Set Flow control to RTS/CTS or lower the baud rate.",
  damagedBytes:
    "Bytes were corrupted on the serial line. Set Flow control to RTS/CTS or lower the baud rate.",
  /** The supervisor has never heard an answer. */
  neverHeard:
    "Power-cycle the modem. If it has never worked here, check that this is its AT port, and check the baud rate.",
  noMailClient:
    "Power-cycle the module. If that does not help, its firmware has no mail client: update it, or use an EC2x.",
  otherMailCommands: "This module uses mail commands that differ from those of the EC2x. Use an EC2x.",
  modelWithoutMailClient: "This module has no mail client. Use an EC2x.",
  unknownModule: "This module is not known. It works if it supports the QSMTP commands of the EC2x.",
  lockedToSomething:
    "The modem or SIM card has a lock (such as a network lock). Ask the operator for the unlock code.",
  pinOutcomeUnseen:
    "Check the card and its PIN in a phone. The PIN is not sent again here until you change it.",
  pinNotNoted:
    "Free disk space on the host and make sure that Node-RED can write to it. The PIN is then sent automatically.",
  radioOff:
    "Another program, often ModemManager, has turned the radio off. Stop that program, or let it turn the radio on.",
  radioWasOff: "Wait a minute. Another program, often ModemManager, had turned the radio off.",
  signalUntold: "Check the antenna.",
  signalWeak: "Mails may fail or be slow. Use a better antenna or mount it higher.",
  noApn: "Many networks assign one automatically. If the next step fails, enter the operator's APN.",
  /** A flow has deactivated the context. */
  deactivated: "Activate the data connection with a pdp-context node.",
  noPing: "Many servers and operators block pings, so this result is not conclusive. Send a test mail.",
  oddPort: "Set Port on the modem's Mail server tab to 465 with SSL/TLS, or to 587 with STARTTLS.",
  longLogin:
    'Most modules do not accept more. Set "Sent by" to this package, or use a relay with a shorter key.',
  loginNeedsEncryption:
    "The server accepts a login only over an encrypted connection: set Encryption on the modem's Mail server tab to SSL/TLS (port 465) or STARTTLS (port 587).",
  appPassword:
    "The provider does not accept this password here. Many (Gmail, Yahoo, iCloud) require an app password, which you create in the account's security settings and enter as Password on the modem's Mail server tab.",
  accountDisabled: "The provider has disabled the account. Contact the provider, then resume the outbox.",
  noPasswordLogin:
    "The server does not accept a password login here. Check Port and Encryption on the modem's Mail server tab, or use a relay that accepts one.",
  noTokenLogin:
    "The server offers no login by token (XOAUTH2) here. Check Server, Port and Encryption on the modem's Mail server tab, or log in with a password.",
  microsoftToken:
    "Microsoft issued the token, but the mail server does not accept it: grant the application SMTP.SendAsApp with " +
    "admin consent, register its service principal in Exchange Online, give it access to the mailbox, and enable " +
    "SMTP AUTH for the mailbox; then resume the outbox.",
  googleToken:
    "Google issued the token, but the mail server does not accept it: delegate the scope https://mail.google.com/ to " +
    "the service account in the Admin console, and check that the username is a mailbox; then resume the outbox.",
  otherToken:
    "The token was issued, but the mail server does not accept it: check its scope and its access to the mailbox; then " +
    "resume the outbox.",
  noSmtp:
    "Check Server and Port on the modem's Mail server tab: the server must speak SMTP there (465 with SSL/TLS, 587 with STARTTLS).",
  noStartTls:
    "Use port 465 with SSL/TLS if the server supports it. If it offered STARTTLS before, the connection may be under attack.",
  refusedConnection:
    "The server accepts no mail from this connection. Many block mobile networks: use a relay with a login on port 465 " +
    "or 587.",
  refusedSender:
    "Check the Sender address on the modem's Mail server tab. It often must be the account's own.",
  serverNotTrusted:
    "If this is your own server, paste the certificate of its CA in PEM format on the modem's Certificate tab.",
  noSuchServer:
    "Correct Server on the modem's Mail server tab: other names are found over this data connection, this one is not.",
  otherServerName: "Enter Server on the modem's Mail server tab as stated in the server's certificate.",
  noRootKnown:
    "On the modem's Certificate tab, choose the server's root certificate by name or paste it in PEM format. Turn off " +
    "certificate verification only in your own network.",
  noSuchRoot:
    "On the modem's Certificate tab, choose one from the list, or paste the certificate in PEM format.",
  badPem:
    "Paste the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, including these two lines.",
  flashFull:
    "Delete files from the module's flash (AT+QFLST, AT+QFDEL), or turn off certificate verification.",
  /** A test mail has waited for a mail in flight. */
  testMailLater:
    "Send the test mail again when that mail has finished. If the error persists, another program is using the module's mail client.",
  /** The module's mail client is stuck, and this package sends the mails. */
  sentBySocket:
    "Meanwhile this package sends the mails over a socket. Power-cycle the module, or allow restarts on the modem's Network tab.",
  /** Some modules report every refusal of the server as a network error. */
  hiddenRefusal:
    "Check signal and data connection. If both are good, the server may have rejected the login, the sender or a " +
    "recipient, because some modules report every rejection this way.",
  /** A record of the spool that a later version wrote. */
  laterVersion: "Install that version again, or delete the file.",
  unreadableFile: "Check the path in the attach-file node, and that Node-RED can read the file.",
  emptyContent: "Set the property that is selected as Content in the attach-file node.",
  /** The dialog's test of a mail has no recipient. */
  noAddress: "Enter an address.",
  /** A fault of this package, which has no code. */
  internal: "See the Node-RED log for details, and report it as an issue of this package.",
} as const;

export type SpecialHint = (typeof SPECIAL_HINTS)[keyof typeof SPECIAL_HINTS];
