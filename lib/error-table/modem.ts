/** Errors of the port, of the module as such, of SIM, network and PDP context. */
import type { ErrorRow } from "./row";

export const PORT_ERRORS = {
  PORT_NOT_FOUND: {
    text: "The serial port does not exist",
    hint: "Plug in the modem and select its AT port again as Serial port in the modem's dialog. Use the stable name under /dev/serial/by-id.",
    class: "transient",
  },
  PORT_BUSY: {
    text: "Another program, or another modem node in these flows, is using the serial port",
    hint: "Stop the other program (often ModemManager, minicom or a second Node-RED), or let all nodes in the flows use one modem. The port is then opened automatically.",
    class: "transient",
  },
  PORT_DENIED: {
    text: "Node-RED is not permitted to open the serial port",
    hint: "Add Node-RED's user to the group that owns the port (often dialout) and restart Node-RED.",
    class: "transient",
  },
  PORT_REFUSED: {
    text: "The serial-over-IP server refused the connection",
    hint: "Check Host and Port in the modem's dialog, and make sure that no other client is connected to the server.",
    class: "transient",
  },
  PORT_FAILED: {
    text: "The port could not be opened",
    hint: "Check the port name, its settings and the cable.",
    class: "transient",
  },
  PORT_CLOSED: {
    text: "The port is closed",
    hint: "The modem reconnects automatically. If it does not, check the cable.",
    class: "transient",
  },
  PORT_UNPLUGGED: {
    text: "The port has disappeared",
    hint: "Check the modem's cable and power. It reconnects automatically.",
    class: "transient",
  },
  PORT_UNDER_TEST: {
    text: "This modem is being tested in another editor",
    hint: "Wait until the other test has finished, then start yours again.",
    class: "transient",
  },
  PORT_MULTIPLEXED: {
    text: "Another program has left the port in multiplexing mode (CMUX)",
    hint: "Find and stop the other program, often a GSM multiplexer or pppd. If the error persists, power-cycle the modem.",
    class: "transient",
  },
  PORT_TELNET: {
    text: "The serial-over-IP server uses Telnet",
    hint: "Set the server to raw mode (in ser2net: raw instead of telnet, without telnet(rfc2217)). Telnet changes bytes in attachments.",
    class: "transient",
  },
  PORT_SHARED: {
    text: "Another program is using the same port",
    hint: "Keep ModemManager away from this modem (README, section ModemManager), then restart Node-RED.",
    class: "transient",
  },
} as const satisfies Record<string, ErrorRow>;

export const MODEM_ERRORS = {
  MODEM_SILENT: {
    text: "The modem does not answer",
    hint: "Check Serial port (it must be the AT port) and, under More, Baud rate in the modem's dialog, and the power.",
    class: "transient",
  },
  MODEM_TIMEOUT: {
    text: "The modem did not finish a command in time",
    hint: "The connection is reset automatically. If this happens often, check power supply and cable.",
    class: "transient",
  },
  MODEM_OUT_OF_SYNC: {
    text: "Communication with the modem is out of sync",
    hint: "The connection is reset automatically. If this happens often, another program may be using the port.",
    class: "transient",
  },
  MODEM_RESET: {
    text: "The module has restarted",
    hint: "It is set up again automatically. If this happens often, check the power supply (2 A peaks).",
    class: "transient",
  },
  MODEM_ERROR: {
    text: "The module rejected a command",
    hint: "Retried automatically. If the error persists, report this message together with the output of quectel-modem-facts (README).",
    class: "transient",
  },
  MODEM_CME: {
    text: "The module rejected a command with an error number",
    hint: "Retried automatically. If the error persists, report this message together with the output of quectel-modem-facts (README).",
    class: "transient",
  },
  MODEM_ABORTED: {
    text: "The command was cancelled",
    hint: "The node was stopped or redeployed while the command was running. The mail stays in the outbox.",
    class: "transient",
  },
  MODEM_ANSWER: {
    text: "The module's response could not be parsed",
    hint: "Report this message together with the output of quectel-modem-facts (README). This package may not know the firmware.",
    class: "transient",
  },
  MODEM_NOT_READY: {
    text: "The modem is not ready",
    hint: "Wait until the modem's status is ready. Until then the status shows what is missing.",
    class: "transient",
  },
  MODEM_DEAD: {
    text: "The module did not answer after two restarts",
    hint: "Power-cycle the module.",
    class: "transient",
  },
  MODEM_STUCK: {
    text: "The module's mail client remains busy, and the settings do not allow a restart of the module",
    hint: "Power-cycle the module, or allow restarts on the modem's Network tab. Mails stay in the outbox until the module is free.",
    class: "transient",
  },
  MODEM_SHARED: {
    text: "Another program is sending mails through this module",
    hint: "Let only one program use the module's mail client. Until then the recipients are verified before each mail.",
    class: "transient",
  },
  MODEM_RESULT_MISSING: {
    text: "The module accepted two mails in a row without reporting a result",
    hint: "Check that result lines are sent to this port (AT+QURCCFG), then resume the outbox.",
    class: "setup",
  },
  MODEM_RESULT_UNKNOWN: {
    text: "The module accepted the mail, but its result was lost",
    hint: "The mail may have been sent. Ask the recipient before sending it again.",
    class: "unknown",
  },
} as const satisfies Record<string, ErrorRow>;

export const NETWORK_ERRORS = {
  SIM_MISSING: {
    number: 10,
    text: "No SIM card found",
    hint: "Insert the SIM card and check that it is seated correctly.",
    class: "setup",
  },
  SIM_PIN_REQUIRED: {
    number: 11,
    text: "The SIM card requires its PIN",
    hint: "Enter the SIM PIN on the modem's Network tab.",
    class: "setup",
  },
  SIM_PIN_REFUSED: {
    number: 16,
    text: "The SIM card rejected the PIN",
    hint: "Correct the SIM PIN on the modem's Network tab. To protect the card from being locked, it is not tried again until you change it.",
    class: "setup",
  },
  SIM_PIN_LAST_TRY: {
    text: "Only one attempt is left for the SIM PIN, so it is not sent",
    hint: "Enter the correct PIN once in a phone to reset the counter, then as SIM PIN on the modem's Network tab.",
    class: "setup",
  },
  SIM_PUK_REQUIRED: {
    number: 12,
    text: "The SIM card is locked and requires its PUK",
    hint: "Unlock the card with its PUK in a phone.",
    class: "setup",
  },
  SIM_FAILURE: {
    number: 13,
    text: "The SIM card does not work",
    hint: "Clean or replace the card, and check its holder.",
    class: "transient",
  },
  SIM_BUSY: {
    number: 14,
    text: "The SIM card is still busy",
    hint: "Retried automatically.",
    class: "transient",
  },
  NETWORK_NOT_REGISTERED: {
    text: "The modem finds no network",
    hint: "Check the antenna and the location. The signal is shown on the Modem tab of the sidebar.",
    class: "transient",
  },
  NETWORK_DENIED: {
    text: "The network refuses this SIM card",
    hint: "Check with the operator that the card is active and that data and roaming are allowed here.",
    class: "transient",
  },
  NETWORK_CLOCK: {
    text: "The modem's clock is wrong and could not be set",
    hint: "Certificates cannot be verified without the correct time. Allow network time or NTP.",
    class: "transient",
  },
  PDP_ACTIVATION_FAILED: {
    text: "The data connection (PDP context) could not be activated",
    hint: "Check APN, APN username and APN password on the modem's Network tab, and that the SIM card has a data plan.",
    class: "transient",
  },
  PDP_NO_APN: {
    text: "The network requires an APN, and none is set",
    hint: "Enter the operator's APN on the modem's Network tab.",
    class: "setup",
  },
  PDP_TOO_MANY: {
    text: "Three data connections are active; the module supports no more",
    hint: "Deactivate one, or set PDP context on the modem's Network tab to the number of an active one.",
    class: "setup",
  },
  PDP_TAKEN: {
    text: "The network allows no further data connection for this SIM card",
    hint: 'Deactivate the other context, or set PDP context to its number and select "The host uses this data connection too".',
    class: "transient",
  },
  PDP_SHARED: {
    text: "The host uses this data connection too, so it must not be changed",
    hint: 'Use another PDP context, or clear "The host uses this data connection too" on the Network tab.',
    class: "message",
  },
  PDP_LOST: {
    text: "The network closed the data connection",
    hint: "The data connection is activated again automatically.",
    class: "transient",
  },
  PDP_DEACTIVATION_FAILED: {
    text: "The data connection could not be deactivated",
    hint: "Retried automatically. If the error persists, reset the context or restart the module.",
    class: "transient",
  },
} as const satisfies Record<string, ErrorRow>;
