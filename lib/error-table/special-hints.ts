/**
 * Hints for circumstances in which more can be said than the hint of the error's code.
 *
 * They stand here and not where they are given, because the editor shows each in the language of the person who looks.
 */

export const SPECIAL_HINTS = {
  /** Bytes of an upload or a text did not arrive. */
  lostBytes: "Bytes are lost on the line: switch flow control on (RTS/CTS) or lower the baud rate.",
  damagedBytes: "Bytes were damaged on the line: switch flow control on (RTS/CTS) or lower the baud rate.",
  /** The supervisor has never heard an answer. */
  neverHeard:
    "Switch its power off and on; if it has never worked here, check that this is its AT port, and the baud rate.",
  noMailClient:
    "Switch its power off and on; if that does not help, its firmware has no mail client: update it, or use an EC2x.",
  otherMailCommands: "This module sends mail by other commands than those of the EC2x; use an EC2x.",
  modelWithoutMailClient: "This module has no mail client of its own; use an EC2x.",
  unknownModule: "This module is not known; it works if it has the QSMTP commands of the EC2x.",
  lockedToSomething: "The modem or the card is locked to something; ask the operator for the code.",
  pinOutcomeUnseen: "Check the card and its PIN in a phone; here it is not sent again until you change it.",
  pinNotNoted: "Make room on the host's disk and let Node-RED write to it; then the PIN is sent by itself.",
  radioOff:
    "Another program, often ModemManager, has switched it off; stop that program or let it switch the radio on.",
  radioWasOff: "Wait a minute; another program, often ModemManager, had switched it off.",
  signalUntold: "Check the antenna.",
  signalWeak: "Mails may fail or take long; use a better antenna or place it higher.",
  noApn: "Many networks choose one by themselves; if the next step fails, type the operator's APN.",
  /** A flow has deactivated the context. */
  deactivated: "Activate it again by a pdp-context node.",
  noPing: "Many servers and operators let none pass, so this proves nothing; a test mail does.",
  oddPort: "Choose 465 with TLS, or 587 with STARTTLS.",
  longLogin: "Most modules take no more; use a relay whose key is shorter.",
  loginNeedsEncryption:
    "The server takes a login over an encrypted connection only: choose TLS (port 465) or STARTTLS (port 587).",
  appPassword:
    "The provider does not take this password here; many (Gmail, Yahoo, iCloud) want an app password, which is made " +
    "in the account's security settings.",
  accountDisabled: "The provider has disabled the account: ask there, then resume the outbox.",
  noPasswordLogin:
    "The server does not accept a password login here: check port and encryption, or use a relay that accepts one.",
  noSmtp: "Check that the server speaks SMTP on this port (465 with TLS, 587 with STARTTLS).",
  noStartTls:
    "Use port 465 with TLS if the server has it; if it has offered STARTTLS before, the connection may be under attack.",
  refusedConnection:
    "The server accepts no mail from this connection; many block mobile networks: use a relay with login on port 465 " +
    "or 587.",
  refusedSender: "Check the sender's address; it must often be the account's own.",
  serverNotTrusted:
    "If it is a server of your own, paste the certificate of its authority in PEM form in the modem's mail settings.",
  otherServerName: "Enter the server's name as its certificate states it.",
  noRootKnown:
    "Choose the server's root certificate by name or paste it in PEM form in the modem's mail settings; only in a " +
    "network of your own switch the check of the server's certificate off.",
  noSuchRoot: "Choose one of the list in the modem's mail settings, or paste the certificate in PEM form.",
  badPem: "Paste the text from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----, lines included.",
  flashFull:
    "Delete files from the module's flash (AT+QFLST, AT+QFDEL), or switch the check of the server's certificate off.",
  /** A test mail has waited for a mail in flight. */
  testMailLater:
    "Send the test mail again when that mail has ended; if it stays, another program uses the mail client of the module.",
  /** Some modules report every refusal of the server as a network error. */
  hiddenRefusal:
    "Check signal and data connection; if they are good, the server may have refused the login, the sender or a " +
    "recipient, because some modules report every refusal so.",
  /** A record of the spool that a later version wrote. */
  laterVersion: "Install that version again, or remove the file.",
  unreadableFile: "Check the path in the attach-file node, and that Node-RED may read the file.",
  emptyContent: "Set the property that the attach-file node names as its content.",
  /** The dialog's test of a mail has no recipient. */
  noAddress: "Type an address.",
  /** A fault of this package, which has no code. */
  internal: "Node-RED's log says what; report it as an issue of the package.",
} as const;

export type SpecialHint = (typeof SPECIAL_HINTS)[keyof typeof SPECIAL_HINTS];
