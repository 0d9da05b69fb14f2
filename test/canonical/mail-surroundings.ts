/** Canonical mails by what surrounds them: encryption, storage of the module, and what goes wrong in between. */
import { certificate } from "../support/certificates";
import { storageOf } from "../../lib/simulator/module/file-store";
import { awkwardBytes } from "../e2e/transaction/mail-rig";
import { ALARM, LATIN, LOG, sends, STARTTLS, TLS, type CanonicalMail } from "./canonical-mail";
import { result } from "./station";

const PASTED = { tlsRoot: "pem", tlsCa: certificate("ca").cert } as const;

const ENCRYPTED: readonly CanonicalMail[] = [
  ...[
    { kind: "tls", by: TLS, word: "TLS" },
    { kind: "starttls", by: STARTTLS, word: "STARTTLS" },
  ].flatMap(({ kind, by, word }) => [
    {
      name: `${kind}-auto`,
      about: `${word}, the root certificate of a provider that is known.`,
      node: { ...by, smtpHost: "smtp.gmail.com" },
      run: sends(ALARM),
    },
    {
      name: `${kind}-named-root`,
      about: `${word}, a root certificate of the runtime's store by its name.`,
      node: { ...by, tlsRoot: "ISRG Root X1" },
      run: sends(ALARM),
    },
    {
      name: `${kind}-unverified`,
      about: `${word} without verification, because a person switched it off.`,
      node: { ...by, tlsVerify: false },
      run: sends(ALARM),
    },
  ]),
  {
    name: "tls-second-mail",
    about:
      "A second mail by TLS, then another after a restart of the module: the certificate lies in its flash.",
    node: { ...TLS, ...PASTED },
    async run(station) {
      await station.send(ALARM);
      station.transcript.note("the second mail");
      await station.send(ALARM);
      station.transcript.note("the module restarts");
      station.module.restart();
      await station.send(ALARM);
    },
  },
  {
    name: "tls-next-root",
    about: "The handshake fails (665) with the first root certificate: the next one is tried.",
    node: TLS,
    async run(station) {
      station.fates.push(result(665, 0));
      await station.send(ALARM);
    },
  },
  {
    name: "tls-other-context",
    about: "TLS in SSL context 3, a short time limit.",
    node: { ...TLS, ...PASTED, tlsContextId: 3, sendTimeout: 60 },
    run: sends(ALARM),
  },
  {
    name: "tls-older-firmware",
    about: "Firmware that does not know SNI.",
    module: { variants: { "key-sni": "absent" } },
    node: { ...TLS, ...PASTED },
    run: sends(ALARM),
  },
  {
    name: "tls-then-plain",
    about: "The host starts again with a server without encryption.",
    node: { ...TLS, ...PASTED },
    async run(station) {
      await station.send(ALARM);
      await station.restartHost({ smtpSecurity: "none", smtpPort: 25 });
      await station.send(ALARM);
    },
  },
];

const FILES: readonly CanonicalMail[] = [
  {
    name: "files-in-ram",
    about: "Three attachments, two of equal content, one with bytes that a line parser could trip over.",
    run: sends({
      ...ALARM,
      attachments: [
        LOG,
        { filename: "copy.txt", content: LOG.content },
        { filename: "a.bin", content: awkwardBytes(3000) },
      ],
    }),
  },
  {
    name: "files-in-flash",
    about: "RAM has no room for the second attachment: it goes to the flash.",
    async run(station) {
      const ram = storageOf(station.module, "RAM");
      ram.create("others.bin", ram.free - 2_000);
      const camera = { filename: "camera.jpg", content: awkwardBytes(20_000) };
      await station.send({ ...ALARM, attachments: [LOG, camera] });
    },
  },
  {
    name: "files-empty-and-odd-names",
    about: "An empty file, names that the module cannot carry, and a name that two have.",
    run: sends({
      ...ALARM,
      attachments: [
        { filename: "none.txt", content: Buffer.alloc(0) },
        { filename: "Übersicht Pumpe 7.txt", content: LOG.content },
        LOG,
        { filename: "test.txt", content: Buffer.from("another\n") },
      ],
    }),
  },
  {
    name: "files-payload",
    about: "A payload of bytes is an attachment.",
    run: sends({ ...ALARM, payload: awkwardBytes(1000), filename: "camera.jpg", description: "Camera 1" }),
  },
  {
    name: "files-name-taken",
    about: "A file of somebody else has the name of the attachment: it stays.",
    async run(station) {
      storageOf(station.module, "RAM").create("test.txt", 10);
      await station.send({ ...ALARM, attachments: LOG });
    },
  },
];

const MISHAPS: readonly CanonicalMail[] = [
  {
    name: "restart-between-mails",
    about: "The module restarts between two mails: all settings are written again.",
    async run(station) {
      await station.send({ ...ALARM, attachments: LOG });
      station.transcript.note("the module restarts");
      station.module.restart();
      await station.send({ ...ALARM, attachments: LOG });
    },
  },
  {
    name: "restart-before-put",
    about: "The module restarts when the mail is filled in.",
    async run(station) {
      station.module.faults.set([{ at: { command: "+QSMTPATT" }, fault: { kind: "restart" } }]);
      await station.send({ ...ALARM, attachments: LOG });
    },
  },
  {
    name: "restart-in-flight",
    about:
      "The module restarts before it says what became of the mail: the second copy says that it may be one.",
    async run(station) {
      station.fates.push(async () => {
        station.transcript.note("the module restarts");
        station.module.restart();
        return { err: 0, protocolError: 0 };
      });
      await station.send(ALARM);
    },
  },
  {
    name: "context-lost-between-mails",
    about: "The network takes the PDP context away between two mails.",
    async run(station) {
      await station.send(ALARM);
      station.transcript.note("the context is lost");
      station.module.emit("contextLost", undefined);
      await station.send(ALARM);
    },
  },
  {
    name: "context-lost-in-flight",
    about: "The mail ends with 657, because the context went away: it is renewed.",
    async run(station) {
      station.fates.push(result(657, 0));
      await station.send(ALARM);
    },
  },
  {
    name: "context-idle",
    about:
      "No mail for longer than `idleMinutes`: the context is deactivated, and activated for the next mail.",
    node: { idleMinutes: 30 },
    async run(station) {
      await station.send(ALARM);
      await station.wait(35);
      await station.send(ALARM);
    },
  },
  {
    name: "network-error",
    about: "A network error (654) three times: the ladder up to the restart of the module.",
    async run(station) {
      station.fates.push(result(654, 0), result(654, 0), result(654, 0));
      await station.send(ALARM);
    },
  },
  {
    name: "server-busy",
    about: "The server says 421: the mail is tried again later, and says how late it is.",
    node: { lateNote: 10 },
    async run(station) {
      station.fates.push(...Array.from({ length: 6 }, () => result(666, 421)));
      await station.send(ALARM);
    },
  },
  {
    name: "host-killed-in-flight",
    about: "The host is killed while the mail is in flight, and asks what became of it.",
    module: { timing: { airMs: 20_000 } },
    async run(station) {
      const id = await station.accept({ ...ALARM, attachments: LOG });
      await station.putting();
      await station.restartHost();
      await station.ends(id);
      station.transcript.note("the next mail");
      await station.send(ALARM);
    },
  },
  {
    name: "host-restart-between-mails",
    about:
      "The host starts again between two mails: it deletes what it has left, and asks nothing that it knows.",
    async run(station) {
      await station.send({ ...LATIN, attachments: LOG });
      await station.restartHost();
      await station.send({ ...LATIN, attachments: LOG });
    },
  },
  {
    name: "foreign-mail",
    about: "Another program sends a mail: the module says 652 until it is done.",
    async run(station) {
      station.module.faults.set([
        { at: { command: "+QSMTPCLR" }, fault: { kind: "result", result: { kind: "cme", code: 652 } } },
      ]);
      await station.send(ALARM);
    },
  },
];

export const MAIL_SURROUNDINGS: readonly CanonicalMail[] = [...ENCRYPTED, ...FILES, ...MISHAPS];
