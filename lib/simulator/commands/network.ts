/** Registration and signal: fact base 7. The operator stands in `operator.ts`. */
import { ERROR, OK, answer, cme, testOk, type Command, type Feature } from "../device/command";
import { integerIn } from "../device/parameters";
import {
  hasPacketService,
  isRegistered,
  setAttached,
  shownPlace,
  shownState,
  startRegistration,
  reportLevel,
  setReportLevel,
  type Domain,
  type ReportLevel,
} from "../module/registration";
import { stateKey } from "../device/device";
import { cell } from "../module/world";

/** CREG, CGREG and CEREG are the same command for three domains. */
function registrationCommand(domain: Domain): Command {
  return {
    test: answer(`+${domain}: (0-2)`),
    read: ({ modem, info }) => {
      const level = reportLevel(modem, domain);
      const place = level === 2 ? shownPlace(modem, domain) : "";
      info(`+${domain}: ${level},${shownState(modem, domain)}${place}`);
      return OK;
    },
    exec: ({ modem }) => {
      setReportLevel(modem, domain, 0);
      return OK;
    },
    write: ({ modem, parameters }) => {
      const level = integerIn(parameters[0], 0, 2);
      if (level === undefined) return ERROR;
      setReportLevel(modem, domain, reportLevels[level] ?? 0);
      return OK;
    },
  };
}

const reportLevels: readonly ReportLevel[] = [0, 1, 2];

/** Reports of the signal strength, switched on by AT+QINDCFG="csq". */
export const signalReports = stateKey("start", "signal reports", () => ({ enabled: 0 }));

/** -113 + 2 x rssi as AT+CSQ counts it, dBm. */
const dBm = (rssi: number): number => -113 + 2 * rssi;

export const networkFeature: Feature = {
  name: "network",
  start: (modem) => {
    let { rssi } = modem.state(cell);
    modem.whileRunning("surroundings", () => {
      const now = modem.state(cell).rssi;
      if (now !== rssi && modem.state(signalReports).enabled === 1) modem.raiseUrc(`+QIND: "csq",${now},99`);
      rssi = now;
      startRegistration(modem);
    });
  },
  commands: {
    "+CREG": registrationCommand("CREG"),
    "+CGREG": registrationCommand("CGREG"),
    "+CEREG": registrationCommand("CEREG"),
    "+CSQ": {
      test: answer("+CSQ: (0-31,99),(0-7,99)"),
      exec: ({ modem, info }) => {
        info(`+CSQ: ${modem.state(cell).rssi},99`);
        return OK;
      },
    },
    "+CESQ": {
      test: answer("+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)"),
      exec: ({ modem, info }) => {
        const { rssi } = modem.state(cell);
        // RSRP lies about 20 dB below the RSSI of a loaded cell; its scale begins at -141 dBm.
        const rsrp = rssi === 99 ? 255 : Math.min(97, Math.max(0, dBm(rssi) - 20 + 141));
        info(`+CESQ: 99,99,255,255,${rssi === 99 ? 255 : 20},${rsrp}`);
        return OK;
      },
    },
    "+CGATT": {
      test: answer("+CGATT: (0,1)"),
      read: ({ modem, info }) => {
        info(`+CGATT: ${hasPacketService(modem) ? 1 : 0}`);
        return OK;
      },
      write: async ({ modem, parameters, wait }) => {
        const wanted = integerIn(parameters[0], 0, 1);
        if (wanted === undefined) return ERROR;
        if (wanted === 1 && !isRegistered(modem)) return cme(30);
        await wait(modem.timing.networkMs);
        setAttached(modem, wanted === 1);
        return OK;
      },
    },
    "+QNWINFO": {
      test: testOk,
      exec: ({ modem, info }) => {
        info(networkInfo());
        return OK;

        function networkInfo(): string {
          if (!isRegistered(modem)) {
            return modem.variants["no-network-info"] === "none" ? '+QNWINFO: "NONE"' : "+QNWINFO: No Service";
          }
          const { plmn, accessTechnology } = modem.state(cell);
          const operator = modem.variants["operator-quotes"] === "present" ? `"${plmn}"` : plmn;
          switch (accessTechnology) {
            case 7:
              return `+QNWINFO: "FDD LTE",${operator},"LTE BAND 3",1650`;
            case 2:
              return `+QNWINFO: "WCDMA",${operator},"WCDMA 900",3063`;
            case 0:
              return `+QNWINFO: "GSM",${operator},"GSM 900",62`;
          }
        }
      },
    },
    "+QENG": {
      test: answer('+QENG: ("servingcell","neighbourcell")'),
      write: ({ modem, argumentText, info }) => {
        switch (argumentText.toLowerCase()) {
          case '"servingcell"':
            info(servingCell(modem.state(cell), isRegistered(modem)));
            return OK;
          case '"neighbourcell"':
            return OK;
          default:
            return ERROR;
        }
      },
    },
  },
};

function servingCell(
  { rssi, plmn, accessTechnology, area, cellId }: ReturnType<typeof cell.of>,
  registered: boolean,
): string {
  if (rssi === 99) return '+QENG: "servingcell","SEARCH"';
  const state = registered ? "NOCONN" : "LIMSRV";
  const network = `${plmn.slice(0, 3)},${plmn.slice(3)}`;
  switch (accessTechnology) {
    case 7: {
      const power = dBm(rssi);
      const levels = `${power - 20},-9,${power},14,40`;
      return `+QENG: "servingcell","${state}","LTE","FDD",${network},${cellId},271,1650,3,5,5,${area},${levels}`;
    }
    case 2:
      return `+QENG: "servingcell","${state}","WCDMA",${network},${area},${cellId},3063,85,0,${dBm(rssi)},-5,-,-,-,-,-`;
    case 0:
      return `+QENG: "servingcell","${state}","GSM",${network},${area},${cellId},36,62,-,${dBm(rssi)},255,255,0,26,26,1,-,-,-,-,-,-,-,-,-,"-"`;
  }
}
