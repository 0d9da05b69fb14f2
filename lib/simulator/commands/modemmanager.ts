/**
 * What programs for phones ask at their start: messages, calls, packet domain.
 *
 * No message is ever there and no call is made; the answers are those of a module that has these functions and
 * does not use them. Forms of 3GPP TS 27.005 and 27.007.
 */
import { ERROR, OK, answer, testOk, type Command, type Feature } from "../device/command";
import { hasPacketService } from "../module/registration";
import { quotedText } from "../device/parameters";
import { stateKey } from "../device/device";

/** A setting of numbers and words that is kept and read back, nothing more. */
function kept(name: string, initial: string, allowed: string): Command {
  const key = stateKey("start", name, () => ({ value: initial }));
  return {
    test: answer(`${name}: ${allowed}`),
    read: ({ modem, info }) => {
      info(`${name}: ${modem.state(key).value}`);
      return OK;
    },
    write: ({ modem, argumentText }) => {
      modem.state(key).value = argumentText;
      return OK;
    },
  };
}

const stores = ["SM", "ME", "MT", "SR"] as const;
const storages = `(${stores.map((name) => `"${name}"`).join(",")})`;

/** Where messages are read, written and received: 27.005 3.2.2. */
const messageStores = stateKey<{ names: readonly (typeof stores)[number][] }>("start", "+CPMS", () => ({
  names: ["ME", "ME", "ME"],
}));

export const modemManagerFeature: Feature = {
  name: "phone",
  commands: {
    "+CMGF": kept("+CMGF", "0", "(0,1)"),
    "+CNMI": kept("+CNMI", "2,1,0,0,0", "(0-2),(0-3),(0,2),(0-2),(0,1)"),
    "+CSMS": {
      test: answer("+CSMS: (0,1)"),
      read: answer("+CSMS: 0,1,1,1"),
      write: answer("+CSMS: 1,1,1"),
    },
    "+CSCA": { test: testOk, read: answer('+CSCA: "",129'), write: testOk },
    "+CPMS": {
      test: answer(`+CPMS: ${storages},${storages},${storages}`),
      read: ({ modem, info }) => {
        info(
          `+CPMS: ${modem
            .state(messageStores)
            .names.map((name) => `"${name}",0,255`)
            .join(",")}`,
        );
        return OK;
      },
      write: ({ modem, parameters, info }) => {
        const chosen = parameters.map((parameter) => stores.find((name) => name === quotedText(parameter)));
        const names = chosen.filter((name) => name !== undefined);
        if (names.length === 0 || names.length < parameters.length || names.length > 3) return ERROR;
        const kept = modem.state(messageStores).names;
        modem.state(messageStores).names = kept.map((name, at) => names[at] ?? name);
        info("+CPMS: 0,255,0,255,0,255");
        return OK;
      },
    },
    "+CMGL": { test: answer("+CMGL: (0-4)"), exec: () => OK, write: testOk },
    "+CMGR": { test: testOk, write: () => ({ kind: "cms", code: 321 }) },
    "+CMGD": { test: answer("+CMGD: (),(0-4)"), write: testOk },
    "+CGSMS": kept("+CGSMS", "1", "(0-3)"),

    "+CPBS": { test: answer('+CPBS: ("SM","ME","ON")'), read: answer('+CPBS: "SM",0,250'), write: testOk },
    "+CNUM": { test: testOk, exec: () => OK },
    "+CLIP": { test: answer("+CLIP: (0,1)"), read: answer("+CLIP: 0,1"), write: testOk },
    "+CRC": kept("+CRC", "0", "(0,1)"),
    "+CCWA": { test: answer("+CCWA: (0,1)"), read: answer("+CCWA: 0"), write: testOk },
    "+CUSD": { test: answer("+CUSD: (0-2)"), read: answer("+CUSD: 0"), write: testOk },
    "+CSSN": { test: answer("+CSSN: (0,1),(0,1)"), read: answer("+CSSN: 0,0"), write: testOk },
    "+CLCC": { test: testOk, exec: () => OK },
    "+CPAS": { test: answer("+CPAS: (0,3,4)"), exec: answer("+CPAS: 0") },
    "+CBC": { test: answer("+CBC: (0-2),(1-100),<voltage>"), exec: answer("+CBC: 0,100,3900") },
    "+CTZR": kept("+CTZR", "0", "(0-2)"),

    "+CPLS": kept("+CPLS", "0", "(0-2)"),
    "+CPOL": {
      test: answer("+CPOL: (1-20),(0-2)"),
      read: answer('+CPOL: 1,2,"00101",1,0,1,1'),
      write: testOk,
    },
    "+CEMODE": kept("+CEMODE", "2", "(0-3)"),
    "+WS46": { test: answer("+WS46: (12,22,25,28,29)"), read: answer("+WS46: 29"), write: testOk },
    "+CGEREP": kept("+CGEREP", "0,0", "(0-2),(0,1)"),
    "+CIND": {
      test: answer('+CIND: ("battchg",(0-5)),("signal",(0-5)),("service",(0,1)),("roam",(0,1))'),
      read: ({ modem, info }) => {
        info(`+CIND: 5,4,${hasPacketService(modem) ? 1 : 0},0`);
        return OK;
      },
    },
    "+CMER": kept("+CMER", "0,0,0,0,0", "(0-3),(0),(0),(0,1),(0,1)"),
  },
};
