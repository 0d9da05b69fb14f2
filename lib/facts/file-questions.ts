/** Questions about the FILE commands: answers, errors and sizes (fact base 3). Files of others are not touched. */
import { parseParameters } from "../at/command";
import { resultValue, type Asker } from "./asker";
import { limitText, longestAccepted } from "./longest";
import { known, notAsked, unclear, type Answer, type Question } from "./question";

const NAME = { usual: 80, most: 200 } as const;
const BAD_NAME = 406;
/** Its 16-bit words add up to 000a, which shows leading zeros and the case of digits. */
const CHECKSUM_CONTENT = "AaAk";
const TWO_BLOCKS = 2048;

async function space(asker: Asker, storage: "UFS" | "RAM"): Promise<Answer> {
  const line = await asker.firstLine(`AT+QFLDS="${storage}"`);
  return line === undefined ? unclear("refused") : known(line.replace(/^\+QFLDS: */, ""));
}

async function missingFile(asker: Asker): Promise<Answer> {
  return asker.files.withName(asker, "RAM:", async (name) => {
    return known(resultValue(await asker.insist(`AT+QFDEL="${name}"`)));
  });
}

async function listNothing(asker: Asker): Promise<Answer> {
  return asker.files.withName(asker, "RAM:", async (name) => {
    const reply = await asker.insist(`AT+QFLST="${name}"`);
    return known(resultValue(reply).toLowerCase());
  });
}

async function listFields(asker: Asker): Promise<Answer> {
  return asker.files.with(asker, "RAM:", "fact", async (name) => {
    const line = await asker.firstLine(`AT+QFLST="${name}"`);
    if (line === undefined) return unclear("the file is not listed");
    return known(parseParameters(line).length > 2 ? "present" : "absent");
  });
}

async function checksumForm(asker: Asker): Promise<Answer> {
  return asker.files.with(asker, "RAM:", CHECKSUM_CONTENT, async (_name, uploaded) => {
    const line = uploaded.kind === "ok" ? uploaded.lines.at(-1) : undefined;
    const digits = parseParameters(line ?? "").text(1);
    if (digits === "a") return known("short");
    return digits === "000A" ? known("padded") : unclear(`000a is written as ${digits ?? "nothing"}`);
  });
}

async function tooLarge(asker: Asker): Promise<Answer> {
  const free = parseParameters((await asker.firstLine('AT+QFLDS="RAM"')) ?? "").integer(0);
  if (free === undefined) return notAsked("the free space is not known");
  // RAM may be freed meanwhile, by the module itself as well.
  return asker.files.withName(asker, "RAM:", async (name) => {
    const reply = await asker.ask(`AT+QFUPL="${name}",${free + 1024},1`, { timeoutMs: 30_000 });
    return reply.kind === "refused" && reply.number !== undefined
      ? known(reply.number)
      : unclear("the size is taken");
  });
}

async function sameNameTwice(asker: Asker): Promise<Answer> {
  return asker.files.with(asker, "RAM:", "fact", async (name, uploaded) => {
    if (uploaded.kind === "refused") return unclear("the upload is refused");
    const reply = await asker.insist(`AT+QFUPL="${name}",4,1`, { timeoutMs: 30_000 });
    return known(resultValue(reply));
  });
}

async function firstHandle(asker: Asker): Promise<Answer> {
  return asker.files.withName(asker, "UFS:", async (name) => {
    const open = await asker.insist("AT+QFOPEN?");
    if (open.kind === "ok" && open.lines.length > 0) return notAsked("other files are open");
    const line = await asker.firstLine(`AT+QFOPEN="${name}",1`);
    const handle = parseParameters(line ?? "").integer(0);
    if (handle === undefined) return unclear("the file cannot be opened");
    await asker.tidy(`AT+QFCLOSE=${handle}`);
    return known(handle);
  });
}

async function acknowledgements(asker: Asker): Promise<Answer> {
  return asker.files.with(
    asker,
    "RAM:",
    "x".repeat(TWO_BLOCKS),
    async (_name, uploaded) => {
      if (uploaded.kind === "refused") return unclear("the upload is refused");
      const received = asker.tools.recording.received();
      if (received === undefined) return notAsked("the bytes of this connection are not recorded");
      return known(/CONNECT\r\n(A*)/.exec(received)?.[1]?.length ?? 0);
    },
    true,
  );
}

async function nameLimit(asker: Asker): Promise<Answer> {
  const isName = async (length: number): Promise<boolean> => {
    const reply = await asker.insist(`AT+QFLST="RAM:${"f".repeat(length)}"`);
    return reply.kind === "ok" || reply.number !== BAD_NAME;
  };
  return known(limitText(await longestAccepted(isName, NAME), NAME));
}

export const fileQuestions: readonly Question[] = [
  {
    id: "ufs-space",
    asks: "How large is the flash (free, total)?",
    expected: { answer: undefined, mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: (asker) => space(asker, "UFS"),
  },
  {
    id: "ram-space",
    asks: "How large is the memory for files (free, total, largest)?",
    expected: { answer: undefined, mark: "A" },
    needs: "nothing",
    transcript: "remark",
    ask: (asker) => space(asker, "RAM"),
  },
  {
    id: "missing-file",
    asks: "What does QFDEL of a file that is not there get?",
    expected: { answer: "405", mark: "A" },
    needs: "nothing",
    variants: ["405", "418"],
    transcript: "replay",
    ask: missingFile,
  },
  {
    id: "list-nothing",
    asks: "What does QFLST get when nothing matches?",
    expected: { answer: "ok", mark: "C" },
    needs: "nothing",
    variants: ["ok", "405", "417", "418"],
    transcript: "replay",
    ask: listNothing,
  },
  {
    id: "list-ram-size",
    asks: "Does QFLST tell the reserved size of a RAM file?",
    expected: { answer: "present", mark: "A" },
    needs: "nothing",
    variants: ["present", "absent"],
    transcript: "replay",
    ask: listFields,
  },
  {
    id: "checksum-form",
    asks: "Is the checksum of QFUPL short in lower case, or four digits in upper case?",
    expected: { answer: "short", mark: "A" },
    needs: "nothing",
    variants: ["short", "padded"],
    transcript: "replay",
    ask: checksumForm,
  },
  {
    id: "upload-acks",
    asks: "How many acknowledgements do 2048 bytes get?",
    expected: { answer: "2", mark: "C" },
    needs: "nothing",
    transcript: "remark",
    ask: acknowledgements,
  },
  {
    id: "same-file",
    asks: "What does an upload to a name get that is there already?",
    expected: { answer: "407", mark: "A" },
    needs: "nothing",
    transcript: "remark",
    ask: sameNameTwice,
  },
  {
    id: "no-room",
    asks: "What does an upload get that is larger than the free space?",
    expected: { answer: "420", mark: "B" },
    needs: "nothing",
    variants: ["420", "423", "403"],
    transcript: "remark",
    ask: tooLarge,
  },
  {
    id: "first-handle",
    asks: "Which handle does the first open file get?",
    expected: { answer: "1", mark: "C" },
    needs: "nothing",
    variants: ["1", "0"],
    transcript: "replay",
    ask: firstHandle,
  },
  {
    id: "ram-storage",
    asks: "Is there a storage RAM, and what is the answer to its name where there is none?",
    expected: { answer: "present", mark: "A" },
    needs: "nothing",
    variants: ["present", "406", "400", "error", "3"],
    transcript: "remark",
    ask: async (asker) => {
      const reply = await asker.insist('AT+QFLDS="RAM"');
      return known(reply.kind === "ok" ? "present" : resultValue(reply).toLowerCase());
    },
  },
  {
    id: "file-handles",
    asks: "Are QFOPEN and the commands on open files known?",
    expected: { answer: "present", mark: "A" },
    needs: "nothing",
    variants: ["present", "absent"],
    transcript: "replay",
    ask: async (asker) => known((await asker.knows("AT+QFOPEN=?")) ? "present" : "absent"),
  },
  {
    id: "file-name-limit",
    asks: "How many bytes may a file name have?",
    expected: { answer: "80", mark: "B" },
    needs: "nothing",
    transcript: "remark",
    ask: nameLimit,
  },
];
