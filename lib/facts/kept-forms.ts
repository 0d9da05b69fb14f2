/** What is read before the questions and put back after them: which query, and which line sets it again. */
import { informationText, parseParameters } from "../at/command";
import type { Asker } from "./asker";

export interface KeptForm {
  /** As a person calls it. */
  readonly name: string;
  readonly query: string;
  /** Sets what one line of the answer tells. */
  readonly set: (line: string) => string;
  /** Empties what may hold more than was read; given before the lines are set again. */
  readonly clear?: string;
  /** Given once it was read: how it is to be while questions are asked. */
  readonly during?: string;
  /** What must be masked in the answer. */
  readonly private: (lines: readonly string[]) => readonly string[];
  /** Milliseconds for setting it again. */
  readonly timeoutMs: number;
}

const SHORT_MS = 10_000;
const ACTIVATION_MS = 150_000;
/** Shorter texts would mask half of every line. */
const SHORTEST_HIDDEN = 3;

/** Positions of parameters that must be masked: names where they are long enough, passwords always. */
interface Hidden {
  readonly names?: readonly number[];
  readonly passwords?: readonly number[];
}

/** A setting that is written in the form in which it is read. */
function setting(name: string, command: string, query: string, hidden: Hidden = {}): KeptForm {
  const { names = [], passwords = [] } = hidden;
  return {
    name,
    query,
    set: (line) => `${command}${informationText(line)}`,
    private: (lines) => [
      ...textsAt(lines, names).filter((text) => text.length >= SHORTEST_HIDDEN),
      ...textsAt(lines, passwords),
    ],
    timeoutMs: SHORT_MS,
  };
}

const mailSetting = (key: string, hidden: Hidden = {}): KeptForm =>
  setting(`mail setting ${key}`, "AT+QSMTPCFG=", `AT+QSMTPCFG="${key}"`, hidden);

/** In the order in which they are put back. */
export const keptForms: readonly KeptForm[] = [
  // Numbers instead of words; unknown or off at the start of a connection that was never set up.
  { ...setting("form of errors", "AT+CMEE=", "AT+CMEE?"), during: "AT+CMEE=1" },
  mailSetting("account", { names: [1], passwords: [2] }),
  mailSetting("sender", { names: [1, 2] }),
  mailSetting("smtpserver", { names: [1] }),
  mailSetting("contextid"),
  mailSetting("sslctxid"),
  mailSetting("ssltype"),
  mailSetting("bodyoriginal"),
  mailSetting("addrseparator"),
  { ...setting("recipients", "AT+QSMTPDST=1,", "AT+QSMTPDST?", { names: [1] }), clear: "AT+QSMTPDST=0" },
  setting("subject", "AT+QSMTPSUB=", "AT+QSMTPSUB?", { names: [1] }),
  {
    ...setting("attachments", "AT+QSMTPATT=1,", "AT+QSMTPATT?", { names: [1] }),
    // The last number is the size of the file, which is not part of the setting.
    set: (line) => `AT+QSMTPATT=1,${informationText(line).replace(/,\s*\d+\s*$/, "")}`,
    clear: "AT+QSMTPATT=0",
  },
  setting("port of unsolicited lines", "AT+QURCCFG=", 'AT+QURCCFG="urcport"'),
];

/** What a restart may take away besides: TLS contexts, definitions and activity of PDP contexts. */
export async function keptForRestart(asker: Asker): Promise<readonly KeptForm[]> {
  const test = await asker.ask("AT+QSSLCFG=?");
  const keys = test.kind === "ok" ? test.lines.map((line) => parseParameters(line).text(0) ?? "") : [];
  return [
    ...TLS_CONTEXTS.flatMap((context) =>
      keys.map((key) =>
        setting(`TLS context ${context}, ${key}`, "AT+QSSLCFG=", `AT+QSSLCFG="${key}",${context}`),
      ),
    ),
    ...PDP_CONTEXTS.map((context) =>
      setting(`PDP context ${context}`, `AT+QICSGP=${context},`, `AT+QICSGP=${context}`, {
        names: [1, 2],
        passwords: [3],
      }),
    ),
    {
      name: "active PDP contexts",
      query: "AT+QIACT?",
      set: (line) => `AT+QIACT=${parseParameters(line).text(0) ?? ""}`,
      private: (lines) => textsAt(lines, [3, 4]),
      timeoutMs: ACTIVATION_MS,
    },
  ];
}

const TLS_CONTEXTS = [0, 1, 2, 3, 4, 5] as const;
const PDP_CONTEXTS = Array.from({ length: 16 }, (_, index) => index + 1);

function textsAt(lines: readonly string[], positions: readonly number[]): readonly string[] {
  return lines
    .map(parseParameters)
    .flatMap((parameters) => positions.map((position) => parameters.text(position) ?? ""));
}
