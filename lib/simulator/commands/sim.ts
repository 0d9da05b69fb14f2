/** SIM card: PIN, PUK, identities. Fact base 7. */
import { functionality } from "../module/registration";
import {
  OK,
  ERROR,
  answer,
  cme,
  testOk,
  type CommandContext,
  type Feature,
  type FinalResult,
} from "../device/command";
import { anyText, integerIn, quotedText } from "../device/parameters";
import { reportSim } from "../module/boot";
import { simCard, type SimCard, simState, simStatus } from "../module/world";
import { stateKey, type Device } from "../device/device";

const pinForm = /^\d{4,8}$/;

/** What stands in the way of reading the card; undefined: nothing. */
export function simObstacle(modem: Device): FinalResult | undefined {
  if (functionality(modem) === 0) return cme(13);
  switch (simStatus(modem)) {
    case "READY":
      return undefined;
    case "SIM PIN":
      return cme(11);
    case "SIM PUK":
      return cme(12);
    case "NOT INSERTED":
      return cme(10);
    case "FAILURE":
      return cme(13);
    case "BUSY":
      return cme(14);
  }
}

/** Some modules say twice that there is no card before they have found the one in place. */
function cardState(modem: Device): FinalResult | undefined {
  const isUnsure = simStatus(modem) === "BUSY" && modem.variants["card-start"] === "unsure";
  return isUnsure && modem.state(simState).asked++ < 2 ? cme(10) : simObstacle(modem);
}

/** One information line once the card can be read. */
function readCard(line: (card: SimCard, modem: Device) => string) {
  return ({ modem, info }: CommandContext): FinalResult => {
    const obstacle = simObstacle(modem);
    if (obstacle !== undefined) return obstacle;
    info(line(modem.state(simCard), modem));
    return OK;
  };
}

/** Checks the PIN; a wrong one costs a try. @returns undefined when it is right. */
function checkPin(card: SimCard, pin: string): FinalResult | undefined {
  if (pin === card.pin) {
    card.pinTriesLeft = 3;
    return undefined;
  }
  card.pinTriesLeft--;
  return card.pinTriesLeft > 0 ? cme(16) : cme(12);
}

function enterPin({ modem, parameters, afterResult }: CommandContext): FinalResult {
  const card = modem.state(simCard);
  const first = anyText(parameters[0]) ?? "";
  const second = anyText(parameters[1]);
  let refusal: FinalResult | undefined;
  switch (simStatus(modem)) {
    case "SIM PIN":
      if (!pinForm.test(first)) return cme(16);
      refusal = checkPin(card, first);
      break;
    case "SIM PUK":
      refusal = enterPuk(card, first, second);
      break;
    case "READY":
      return cme(3);
    case "NOT INSERTED":
    case "FAILURE":
    case "BUSY":
      return simObstacle(modem) ?? ERROR;
  }
  if (refusal !== undefined) return refusal;
  modem.state(simState).unlocked = true;
  afterResult(() => modem.background(() => reportSim(modem)));
  return OK;
}

function enterPuk(card: SimCard, puk: string, newPin: string | undefined): FinalResult | undefined {
  if (newPin === undefined || !pinForm.test(newPin)) return cme(16);
  if (card.pukTriesLeft === 0) return cme(13);
  if (puk !== card.puk) {
    card.pukTriesLeft--;
    return cme(16);
  }
  Object.assign(card, { pin: newPin, pinTriesLeft: 3, pukTriesLeft: 10 });
  return undefined;
}

/** AT+CLCK: only the card's own lock can be set; the others are off. */
function facilityLock({ modem, parameters, info }: CommandContext): FinalResult {
  const facility = quotedText(parameters[0]);
  const mode = integerIn(parameters[1], 0, 2);
  if (facility === undefined || mode === undefined) return cme(25);
  const obstacle = simObstacle(modem);
  if (obstacle !== undefined) return obstacle;
  const card = modem.state(simCard);
  if (mode === 2) {
    info(`+CLCK: ${facility === "SC" && card.pin !== "" ? 1 : 0}`);
    return OK;
  }
  const pin = anyText(parameters[2]) ?? "";
  if (facility !== "SC" || !pinForm.test(pin)) return cme(3);
  if (card.pin !== "") {
    const refusal = checkPin(card, pin);
    if (refusal !== undefined) return refusal;
  }
  card.pin = mode === 1 ? pin : "";
  modem.state(simState).unlocked = true;
  return OK;
}

/** Reports of inserting and removing the card. */
export const simReports = stateKey("flash", "QSIMSTAT", () => ({ enabled: 0 }));

export const simFeature: Feature = {
  name: "sim",
  start: (modem) => {
    let inserted = modem.state(simCard).inserted;
    modem.whileRunning("surroundings", () => {
      const now = modem.state(simCard).inserted;
      if (now === inserted) return;
      inserted = now;
      modem.state(simState).unlocked = false;
      if (modem.state(simReports).enabled === 1) modem.raiseUrc(`+QSIMSTAT: 1,${now ? 1 : 0}`);
      if (now) modem.background(() => reportSim(modem));
      else modem.raiseUrc("+CPIN: NOT READY");
    });
  },
  commands: {
    "+CPIN": {
      test: testOk,
      read: ({ modem, info }) => {
        const obstacle = cardState(modem);
        const status = simStatus(modem);
        if (obstacle !== undefined && status !== "SIM PIN" && status !== "SIM PUK") return obstacle;
        info(`+CPIN: ${status}`);
        return OK;
      },
      write: enterPin,
    },
    "+QPINC": {
      test: answer('+QPINC: ("SC","P2")'),
      read: (context) => pinCounters(context, ["SC", "P2"]),
      write: (context) => {
        const facility = quotedText(context.parameters[0])?.toUpperCase() ?? "";
        return facility === "SC" || facility === "P2" ? pinCounters(context, [facility]) : ERROR;
      },
    },
    "+CLCK": {
      test: answer('+CLCK: ("SC","FD","AO","OI","OX","AI","IR","PN","PU","PP","PC")'),
      write: facilityLock,
    },
    "+CPWD": {
      test: answer('+CPWD: ("SC",8),("P2",8)'),
      write: ({ modem, parameters }) => {
        const obstacle = simObstacle(modem);
        if (obstacle !== undefined) return obstacle;
        const card = modem.state(simCard);
        const newPin = anyText(parameters[2]) ?? "";
        if (quotedText(parameters[0]) !== "SC" || card.pin === "" || !pinForm.test(newPin)) return cme(3);
        const refusal = checkPin(card, anyText(parameters[1]) ?? "");
        if (refusal === undefined) card.pin = newPin;
        return refusal ?? OK;
      },
    },
    "+QSIMSTAT": {
      test: answer("+QSIMSTAT: (0,1)"),
      read: ({ modem, info }) => {
        info(`+QSIMSTAT: ${modem.state(simReports).enabled},${modem.state(simCard).inserted ? 1 : 0}`);
        return OK;
      },
      write: ({ modem, parameters }) => {
        const enabled = integerIn(parameters[0], 0, 1);
        if (enabled === undefined) return ERROR;
        modem.state(simReports).enabled = enabled;
        return OK;
      },
    },
    "+CIMI": { test: testOk, exec: readCard((card) => card.imsi) },
    "+QCCID": { test: testOk, exec: readCard((card, modem) => `+QCCID: ${shownIccid(card, modem)}`) },
    "+ICCID": { test: testOk, exec: readCard((card, modem) => `+ICCID: ${shownIccid(card, modem)}`) },
  },
};

function pinCounters({ modem, info }: CommandContext, facilities: readonly string[]): FinalResult {
  if (modem.variants["key-qpinc"] === "absent") return ERROR;
  const card = modem.state(simCard);
  if (!card.inserted) return cme(10);
  for (const facility of facilities) {
    const left = facility === "SC" ? [card.pinTriesLeft, card.pukTriesLeft] : [3, 10];
    info(`+QPINC: "${facility}",${left.join(",")}`);
  }
  return OK;
}

function shownIccid(card: SimCard, modem: Device): string {
  return modem.variants["iccid-tail"] === "present" ? `${card.iccid.slice(0, 19)}F` : card.iccid;
}
