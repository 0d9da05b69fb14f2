/** Every command form of the FILE, SSL and TCP/IP manuals that a mail needs or may meet. */
import { error, ok, refused, setAndShown, type Chapter, type Form } from "./form";

const SSL = "+QSSLCFG";

/** A key of QSSLCFG with its smallest and largest value, and the values next to them. */
const range = (key: string, min: number, max: number): readonly Form[] => [
  ...setAndShown(SSL, key, `${max}`, ",1"),
  ...setAndShown(SSL, key, `${min}`, ",1"),
  error(`AT+QSSLCFG="${key}",1,${max + 1}`),
  ...(min === 0 ? [] : [error(`AT+QSSLCFG="${key}",1,${min - 1}`)]),
];

const SUITES = [
  ..."0035 002F 0005 0004 000A 003D C002 C003 C004 C005 C007 C008 C009 C00A C00C C00D C00E C00F".split(" "),
  ..."C011 C012 C013 C014 C023 C024 C025 C026 C027 C028 C029 C02A C02F C030 FFFF".split(" "),
];

const QICFG: readonly (readonly [key: string, values: string])[] = [
  ["transpktsize", "1460"],
  ["transwaittm", "20"],
  ["dataformat", "1,1"],
  ["viewmode", "1"],
  ["tcp/retranscfg", "20,1000"],
  ["dns/cache", "0"],
  ["qisend/timeout", "3600"],
  ["passiveclosed", "1"],
  ["udp/readmode", "1"],
  ["udp/sendmode", "1"],
  ["tcp/accept", "1"],
  ["recvind", "1"],
  ["tcp/keepalive", "1,120,100,10"],
  ["recv/buffersize", "524288"],
  ["window/scale", "1"],
];

export const OTHER_CHAPTERS: readonly Chapter[] = [
  {
    title: "3.2 AT+QFLDS",
    forms: [
      ok("AT+QFLDS=?"),
      { line: "AT+QFLDS", answer: "+QFLDS: 0,0 | OK" },
      { line: 'AT+QFLDS="UFS"', answer: /^\+QFLDS: \d+,\d+ \| OK$/ },
      { line: 'AT+QFLDS="RAM"', answer: /^\+QFLDS: \d+,\d+,\d+ \| OK$/ },
      { line: 'AT+QFLDS="SD"', answer: /^\+CME ERROR: 4\d\d$/ },
    ],
  },
  {
    title: "3.3 AT+QFLST, 3.4 AT+QFDEL and 3.5 AT+QFUPL",
    forms: [
      ok("AT+QFLST=?"),
      { line: "AT+QFDEL=?", answer: "+QFDEL: <filename> | OK" },
      {
        line: "AT+QFUPL=?",
        answer: /^\+QFUPL: <filename>\[,\(1-(\d+|<freesize>)\)\[,\(1-65535\)\[,\(0,1\)\]\]\] \| OK$/,
      },
      ok("AT+QFLST"),
      ok('AT+QFLST="*"'),
      ok('AT+QFLST="RAM:*"'),
      { line: 'AT+QFUPL="a.txt",1,1', data: "A", answer: "+QFUPL: 1,4100 | OK" },
      { line: 'AT+QFUPL="UFS:b.txt",2,65535,0', data: "AB", answer: "+QFUPL: 2,4142 | OK" },
      { line: 'AT+QFUPL="RAM:c.txt",4,5,1', data: "AAAA", answer: "+QFUPL: 4,0 | OK" },
      {
        line: 'AT+QFUPL="RAM:d.txt",2048,5,1',
        data: "x".repeat(2048),
        answer: /^(A \| A|AA) \| \+QFUPL: 2048,0 \| OK$|^\+QFUPL: 2048,0 \| OK$/,
      },
      { line: 'AT+QFUPL="RAM:e.txt"', data: "1234567890", answer: "+QFUPL: 10,3938 | OK" },
      {
        line: 'AT+QFUPL="RAM:f.txt",28,5',
        data: "-----BEGIN CERTIFICATE-----\r",
        answer: "+QFUPL: 28,6c53 | OK",
      },
      { line: 'AT+QFUPL="RAM:g.txt",20,5', data: "1234567890", answer: "+QFUPL: 10,3938 | OK" },
      refused('AT+QFUPL="a.txt",1,1', 407),
      { line: 'AT+QFUPL="h.txt",0,1', answer: /^\+CME ERROR: 4\d\d$/ },
      { line: 'AT+QFUPL="h.txt",1,0', answer: /^\+CME ERROR: 4\d\d$/ },
      { line: 'AT+QFUPL="h.txt",1,65536', answer: /^\+CME ERROR: 4\d\d$/ },
      { line: 'AT+QFUPL="h.txt",1,1,2', answer: /^\+CME ERROR: 4\d\d$/ },
      { line: 'AT+QFUPL="RAM:h.txt",99999999,1', answer: /^\+CME ERROR: (403|420|423)$/ },
      { line: `AT+QFUPL="${"n".repeat(81)}",1,1`, answer: "+CME ERROR: 406" },
      { line: 'AT+QFLST="a.txt"', answer: '+QFLST: "a.txt",1 | OK' },
      { line: "AT+QFLST", answer: '+QFLST: "a.txt",1 | +QFLST: "b.txt",2 | OK' },
      { line: 'AT+QFLST="RAM:c.txt"', answer: /^\+QFLST: "RAM:c.txt",4(,\d+)? \| OK$/ },
      { line: 'AT+QFLST="RAM:*"', answer: /^(\+QFLST: "RAM:[c-g].txt",\d+(,\d+)? \| ){5}OK$/ },
      ok('AT+QFDEL="a.txt"'),
      refused('AT+QFDEL="a.txt"', 405),
      ok('AT+QFDEL="RAM:c.txt"'),
      ok('AT+QFDEL="*"'),
      ok("AT+QFLST"),
      ok('AT+QFDEL="RAM:*"'),
      ok('AT+QFLST="RAM:*"'),
    ],
  },
  {
    title: "5 AT+QSSLCFG",
    forms: [
      {
        line: "AT+QSSLCFG=?",
        // The order of the dumps: newer evidence than the manuals.
        answer:
          /^\+QSSLCFG: "sslversion",\(0-5\),\(0-4\) \| .*"ciphersuite",\(0-5\),\(0X0035,0X002F,.*0XFFFF\) \| .*"cacert",\(0-5\),<cacertpath>.*\| OK$/,
      },
      ...range("sslversion", 0, 4),
      ...range("seclevel", 0, 2),
      ...range("ignorelocaltime", 0, 1),
      ...range("negotiatetime", 10, 300),
      ...range("sni", 0, 1),
      ...range("closetimemode", 0, 1),
      ...range("ignorecertitem", 0, 1_048_575),
      ...[
        "session_cache",
        "renegotiation",
        "dtls",
        "ignoremulticertchainverify",
        "ignoreinvalidcertsign",
      ].flatMap((key) => range(key, 0, 1)),
      ...setAndShown(SSL, "dtlsversion", "2", ",1"),
      ...SUITES.flatMap((suite): readonly Form[] => [
        ok(`AT+QSSLCFG="ciphersuite",5,0x${suite}`),
        { line: 'AT+QSSLCFG="ciphersuite",5', answer: `+QSSLCFG: "ciphersuite",5,0X${suite} | OK` },
      ]),
      error('AT+QSSLCFG="ciphersuite",5,0x1234'),
      ...["cacert", "cacertex", "clientcert", "clientkey", "alpn", "psk"].flatMap((key) =>
        setAndShown(SSL, key, '"UFS:file.pem"', ",0"),
      ),
      ok('AT+QSSLCFG="clientkey",0,"key.pem","password"'),
      error('AT+QSSLCFG="sslversion",6,4'),
      error('AT+QSSLCFG="unknown",1,0'),
    ],
  },
  {
    title: "6 PDP context",
    forms: [
      { line: "AT+QICSGP=?", answer: /^\+QICSGP: .* \| OK$/ },
      ok('AT+QICSGP=1,1,"internet"'),
      ok('AT+QICSGP=2,2,"internet","user","password"'),
      ok('AT+QICSGP=3,3,"internet","user","password",3'),
      { line: "AT+QICSGP=3", answer: '+QICSGP: 3,"internet","user","password",3 | OK' },
      error('AT+QICSGP=1,4,"internet"'),
      error('AT+QICSGP=17,1,"internet"'),
      error('AT+QICSGP=1,1,"internet","","",4'),
      { line: "AT+QIGETERROR", answer: "+QIGETERROR: 552,invalid parameters | OK" },
      ok("AT+QIACT?"),
      ok("AT+QIACT=1"),
      ok("AT+QIACT=2"),
      ok("AT+QIACT=3"),
      error("AT+QIACT=1"),
      error("AT+QIACT=4"),
      {
        line: "AT+QIACT?",
        answer:
          /^\+QIACT: 1,1,1,"[\d.]+" \| \+QIACT: 2,1,2,"[\da-f:]+" \| \+QIACT: 3,1,3,"[\d.]+","[\da-f:]+" \| OK$/,
      },
      { line: "AT+QIDNSCFG=1", answer: /^\+QIDNSCFG: 1,"[\d.]+","[\d.]+" \| OK$/ },
      ok('AT+QIDNSCFG=1,"192.0.2.1"'),
      ok('AT+QIDNSCFG=1,"192.0.2.1","192.0.2.2"'),
      { line: "AT+QIDNSCFG=1", answer: '+QIDNSCFG: 1,"192.0.2.1","192.0.2.2" | OK' },
      { line: 'AT+QIDNSGIP=1,"mail.example.com"', answer: "OK", urc: '+QIURC: "dnsgip",0,1,' },
      { line: 'AT+QIDNSGIP=1,"nobody.invalid"', answer: "OK", urc: '+QIURC: "dnsgip",565' },
      { line: 'AT+QPING=1,"mail.example.com",4,2', answer: "OK", urc: "+QPING: 0,2,2,0," },
      { line: 'AT+QPING=1,"mail.example.com"', answer: "OK", urc: '+QPING: 0,"' },
      error('AT+QPING=1,"mail.example.com",256'),
      error('AT+QPING=1,"mail.example.com",4,11'),
      { line: 'AT+QNTP=1,"mail.example.com"', answer: "OK", urc: '+QNTP: 0,"' },
      { line: 'AT+QNTP=1,"mail.example.com",123,1', answer: "OK", urc: '+QNTP: 0,"' },
      ok("AT+QIDEACT=2"),
      ok("AT+QIDEACT=3"),
      ok("AT+QIDEACT=1"),
      ok("AT+QIACT?"),
      error('AT+QIDNSGIP=1,"mail.example.com"'),
    ],
  },
  {
    title: "6 clock and AT+QICFG",
    forms: [
      ok('AT+CCLK="26/03/01,12:00:00+04"'),
      { line: "AT+CCLK?", answer: /^\+CCLK: "26\/03\/01,12:00:0\d\+04" \| OK$/ },
      error('AT+CCLK="26/13/01,12:00:00+04"'),
      ...[0, 1, 2].map((mode): Form => ({
        line: `AT+QLTS=${mode}`,
        answer: /^\+QLTS: "\d{4}\/\d\d\/\d\d,\d\d:\d\d:\d\d[+-]\d\d,\d" \| OK$/,
      })),
      { line: "AT+QLTS", answer: /^\+QLTS: ".*" \| OK$/ },
      error("AT+QLTS=3"),
      ok("AT+CTZU=1"),
      ...QICFG.flatMap(([key, values]) => setAndShown("+QICFG", key, values)),
      error('AT+QICFG="transpktsize",1461'),
      error('AT+QICFG="unknown",1'),
    ],
  },
];
