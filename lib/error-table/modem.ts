/** Errors of the port, of the module as such, of SIM, network and PDP context. */
import type { ErrorRow } from "./row";

export const PORT_ERRORS = {
  PORT_NOT_FOUND: {
    text: "The serial port does not exist",
    hint: "Plug the modem in and choose its AT port again; use the stable name below /dev/serial/by-id.",
    class: "transient",
  },
  PORT_BUSY: {
    text: "Another program, or another modem of the flows, has the serial port open",
    hint: "Stop the other program (often ModemManager, minicom or a second Node-RED), or let all nodes of the flows use one modem; the port is tried again by itself.",
    class: "transient",
  },
  PORT_DENIED: {
    text: "Node-RED may not open the serial port",
    hint: "Add Node-RED's user to the group that owns the port (often dialout) and start Node-RED again.",
    class: "transient",
  },
  PORT_REFUSED: {
    text: "The serial-over-IP server refused the connection",
    hint: "Check host and port, and that nobody else is connected to the server.",
    class: "transient",
  },
  PORT_FAILED: {
    text: "The port could not be opened",
    hint: "Check the port's name, its settings and the cable.",
    class: "transient",
  },
  PORT_CLOSED: {
    text: "The port is closed",
    hint: "Wait for the reconnect; if it does not come, check the cable.",
    class: "transient",
  },
  PORT_UNPLUGGED: {
    text: "The port has vanished",
    hint: "Check cable and power of the modem; the connection comes back by itself.",
    class: "transient",
  },
  PORT_UNDER_TEST: {
    text: "This modem is just being tested from an editor",
    hint: "Wait until the other test has ended, then start yours again.",
    class: "transient",
  },
  PORT_MULTIPLEXED: {
    text: "Another program has left the port in multiplexing mode (CMUX)",
    hint: "Find the program that uses the port too, often a GSM multiplexer or pppd, and stop it; where the port stays like this, switch the modem's power off and on.",
    class: "transient",
  },
  PORT_TELNET: {
    text: "The serial-over-IP server speaks telnet",
    hint: "Set the server to raw mode (in ser2net: raw in place of telnet, without telnet(rfc2217)); telnet changes bytes of attachments.",
    class: "transient",
  },
  PORT_SHARED: {
    text: "Another program talks on the same port",
    hint: "Keep ModemManager away from this modem (README, section ModemManager), then restart Node-RED.",
    class: "transient",
  },
} as const satisfies Record<string, ErrorRow>;

export const MODEM_ERRORS = {
  MODEM_SILENT: {
    text: "The modem does not answer",
    hint: "Check that this is the AT port, the baud rate, and the modem's power; Test modem in its dialog tries other values before you deploy.",
    class: "transient",
  },
  MODEM_TIMEOUT: {
    text: "The modem did not finish a command in time",
    hint: "The connection is set up again by itself; if it happens often, check power supply and cable.",
    class: "transient",
  },
  MODEM_OUT_OF_SYNC: {
    text: "The dialogue with the modem is out of step",
    hint: "The connection is set up again by itself; if it happens often, another program may use the port.",
    class: "transient",
  },
  MODEM_RESET: {
    text: "The module has restarted",
    hint: "It is set up again by itself; if it happens often, check the power supply (2 A peaks).",
    class: "transient",
  },
  MODEM_ERROR: {
    text: "The module refused a command",
    hint: "It is tried again; if it stays, report the message with the output of quectel-modem-facts (README).",
    class: "transient",
  },
  MODEM_CME: {
    text: "The module refused a command with an error number",
    hint: "It is tried again; if it stays, report the message with the output of quectel-modem-facts (README).",
    class: "transient",
  },
  MODEM_ABORTED: {
    text: "The command was cancelled",
    hint: "The node was stopped or deployed while the command ran; the mail stays in the outbox.",
    class: "transient",
  },
  MODEM_ANSWER: {
    text: "The module's answer is not understood",
    hint: "Report the message with the output of quectel-modem-facts (README); the firmware may be unknown to this package.",
    class: "transient",
  },
  MODEM_NOT_READY: {
    text: "The modem is not ready",
    hint: "Wait until the modem's status is ready; until then the status says what is missing.",
    class: "transient",
  },
  MODEM_DEAD: {
    text: "The module did not answer after two restarts",
    hint: "Only switching its power off and on helps now.",
    class: "transient",
  },
  MODEM_STUCK: {
    text: "The module's mail client has stayed busy, and the settings do not allow to restart the module",
    hint: "Switch its power off and on, or allow restarts in the modem's settings. Mails wait until it is free again.",
    class: "transient",
  },
  MODEM_SHARED: {
    text: "Another program sends mails through this module",
    hint: "Let one program only use the mail client of this module; until then the recipients are checked before each mail.",
    class: "transient",
  },
  MODEM_RESULT_MISSING: {
    text: "Twice in a row the module took a mail and never said what became of it",
    hint: "Check that result lines come to this port (AT+QURCCFG), then resume the outbox.",
    class: "setup",
  },
  MODEM_RESULT_UNKNOWN: {
    text: "The module took the mail, but its result was lost",
    hint: "The mail may have been sent; ask the recipient before sending it again.",
    class: "unknown",
  },
} as const satisfies Record<string, ErrorRow>;

export const NETWORK_ERRORS = {
  SIM_MISSING: {
    number: 10,
    text: "No SIM card is found",
    hint: "Insert the SIM card and check how it sits in its holder.",
    class: "setup",
  },
  SIM_PIN_REQUIRED: {
    number: 11,
    text: "The SIM card asks for its PIN",
    hint: "Type the PIN in the modem's settings.",
    class: "setup",
  },
  SIM_PIN_REFUSED: {
    number: 16,
    text: "The SIM card refused the PIN",
    hint: "Correct the PIN; it is not tried again until you change it, so that the card does not lock.",
    class: "setup",
  },
  SIM_PIN_LAST_TRY: {
    text: "Only one try is left for the SIM PIN, so it is not sent",
    hint: "Enter the right PIN once in a phone, which sets the counter back.",
    class: "setup",
  },
  SIM_PUK_REQUIRED: {
    number: 12,
    text: "The SIM card is locked and asks for its PUK",
    hint: "Unlock the card with its PUK in a phone.",
    class: "setup",
  },
  SIM_FAILURE: {
    number: 13,
    text: "The SIM card does not work",
    hint: "Clean or replace the card; check its holder.",
    class: "transient",
  },
  SIM_BUSY: {
    number: 14,
    text: "The SIM card is still busy",
    hint: "It is tried again by itself.",
    class: "transient",
  },
  NETWORK_NOT_REGISTERED: {
    text: "The modem finds no network",
    hint: "Check the antenna and the place; the signal is shown in the modem's status.",
    class: "transient",
  },
  NETWORK_DENIED: {
    text: "The network refuses this SIM card",
    hint: "Check with the operator that the card is active and may use data and roaming here.",
    class: "transient",
  },
  NETWORK_CLOCK: {
    text: "The modem's clock is wrong and could not be set",
    hint: "Certificates cannot be checked without the right time; allow network time or NTP.",
    class: "transient",
  },
  PDP_ACTIVATION_FAILED: {
    text: "The data connection (PDP context) could not be activated",
    hint: "Check APN, user and password, and that the SIM card has a data plan.",
    class: "transient",
  },
  PDP_NO_APN: {
    text: "The network wants an APN and none is set",
    hint: "Type the operator's APN in the modem's network settings.",
    class: "setup",
  },
  PDP_TOO_MANY: {
    text: "Three data connections are active, the module carries no more",
    hint: "Deactivate one, or use the number of an active context.",
    class: "setup",
  },
  PDP_TAKEN: {
    text: "The network grants this SIM card no further data connection",
    hint: "Deactivate the other context, or set this modem to its number and tick that the host uses it too.",
    class: "transient",
  },
  PDP_SHARED: {
    text: "The context also serves the host's data link, so it may not be changed",
    hint: "Use another context number, or untick that the context is shared.",
    class: "message",
  },
  PDP_LOST: {
    text: "The network has ended the data connection",
    hint: "It is activated again by itself.",
    class: "transient",
  },
  PDP_DEACTIVATION_FAILED: {
    text: "The data connection could not be deactivated",
    hint: "It is tried again; if it stays, reset the context or restart the module.",
    class: "transient",
  },
} as const satisfies Record<string, ErrorRow>;
