/** Questions about QSSLCFG: keys and their values as long as they were never set (fact base 5). Nothing is set. */
import { firstLineOf, type Asker } from "./asker";
import { behindKey } from "./forms";
import { known, unclear, type Answer, type Mark, type Question } from "./question";

/** The context that programs use least. */
const CONTEXT = 5;
/** RSA RC4 MD5, the first of the suites that newer firmware has dropped. */
const DROPPED_SUITE = /0x0004/i;

/** @returns the value of a key of the TLS context, undefined where the module refuses. */
async function value(asker: Asker, key: string): Promise<string | undefined> {
  const line = firstLineOf(await asker.insist(`AT+QSSLCFG="${key}",${CONTEXT}`));
  return behindKey(line)?.replace(/^\d+ *,/, "");
}

async function ciphers(asker: Asker): Promise<Answer> {
  const test = await asker.insist("AT+QSSLCFG=?");
  const line = test.kind === "ok" ? test.lines.find((text) => text.includes('"ciphersuite"')) : undefined;
  if (line === undefined) return unclear("no list of cipher suites");
  asker.note(line);
  return known(DROPPED_SUITE.test(line) ? "long" : "short");
}

async function keyList(asker: Asker): Promise<Answer> {
  const test = await asker.insist("AT+QSSLCFG=?");
  const line = test.kind === "ok" ? test.lines.find((text) => text.includes('"cacert"')) : undefined;
  if (line === undefined) return unclear("no key cacert");
  asker.note(line);
  return known(/<[^<>]*path>/i.test(line) ? "paths" : "names");
}

/** Asks for a value that was never set; with `variants` under the name of the simulated modem's switch. */
function usual(key: string, answer: string, mark: Mark, variants?: readonly string[]): Question {
  return {
    id: `${key}-default`,
    asks: `Which value has ${key} of TLS context ${CONTEXT}, if it was never set?`,
    expected: { answer, mark },
    needs: "nothing",
    ...(variants === undefined ? { transcript: "remark" } : { variants, transcript: "replay" }),
    ask: async (asker) => {
      const found = await value(asker, key);
      return found === undefined ? known("key unknown") : known(found);
    },
  };
}

export const tlsQuestions: readonly Question[] = [
  {
    id: "key-sni",
    asks: "Does QSSLCFG know the key sni?",
    expected: { answer: "present", mark: "B" },
    needs: "nothing",
    variants: ["present", "absent"],
    transcript: "replay",
    ask: async (asker) => known((await value(asker, "sni")) === undefined ? "absent" : "present"),
  },
  {
    id: "cipher-list",
    asks: "Are the weak cipher suites of older firmware offered?",
    expected: { answer: "short", mark: "A" },
    needs: "nothing",
    variants: ["short", "long"],
    transcript: "remark",
    ask: ciphers,
  },
  {
    id: "tls-key-list",
    asks: "How does QSSLCFG=? list its keys: files as paths, or by their names?",
    expected: { answer: "paths", mark: "A" },
    needs: "nothing",
    variants: ["paths", "names"],
    transcript: "remark",
    ask: keyList,
  },
  usual("sslversion", "4", "C", ["4", "1"]),
  usual("seclevel", "0", "C", ["0", "1"]),
  usual("ignorelocaltime", "1", "C", ["1", "0"]),
  usual("ciphersuite", "0XFFFF", "C"),
  usual("negotiatetime", "300", "A"),
  usual("closetimemode", "0", "C"),
];
