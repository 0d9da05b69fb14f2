/** What is mutated, and the tests that must notice it: fast ones of the same area, so that a mutant takes a second. */
export interface Area {
  /** Patterns of the files that are mutated. */
  readonly mutate: readonly string[];
  /**
   * Patterns of the files of tests, slow ones last: a mutant is shown to those that reach it until the first fails.
   */
  readonly tests: readonly string[];
  /** Processes, default 2: more for tests on real sockets, which wait for each other's turns more than they compute. */
  readonly concurrency?: number;
}

export const AREAS = {
  at: {
    mutate: ["lib/at/**/*.ts"],
    tests: ["test/unit/at/*.test.ts"],
  },
  sockets: {
    mutate: ["lib/quectel/sockets/*.ts"],
    tests: [
      "test/unit/quectel/payload-mask.test.ts",
      "test/e2e/sockets/@(opening|sending|receiving|ids|counts|socket).test.ts",
    ],
  },
  message: {
    mutate: ["lib/mail/message/**/*.ts", "lib/mail/mail.ts"],
    tests: ["test/unit/mail/{addresses,attachments,html-text,message*}.test.ts"],
  },
  compose: {
    mutate: ["lib/mailer/qsmtp/compose/**/*.ts"],
    tests: ["test/unit/mail/{charset,compose*,envelopes,file-names,notes}.test.ts"],
  },
  providers: {
    mutate: ["lib/mail/providers/**/*.ts"],
    tests: ["test/unit/mail/providers.test.ts", "test/unit/mail/roots.test.ts"],
  },
  spool: {
    mutate: ["lib/outbox/spool/**/*.ts"],
    tests: [
      "test/unit/outbox/@(spool-parts|spool-start|mail-store|record|lock|state|swapped-file|lost-folder).test.ts",
      "test/unit/outbox/@(room|recipients|outbox|adoption|supersede|close|told|time|result|unknown|rate).test.ts",
      "test/unit/outbox/@(at-once|host-disk|disk).test.ts",
    ],
  },
  outbox: {
    mutate: ["lib/outbox/*.ts"],
    tests: [
      "test/unit/outbox/@(lifecycle|state|result|adoption|supersede|told|lost-folder).test.ts",
      "test/unit/outbox/@(outbox|close|recipients|late-confirmation|record|time|unknown|commands).test.ts",
      "test/unit/outbox/@(order|room|rate).test.ts",
      "test/unit/outbox/@(holds|under-way|failing|disk|at-once|working).test.ts",
    ],
  },
  qsmtp: {
    mutate: ["lib/mailer/qsmtp/*.ts"],
    tests: [
      "test/unit/quectel-mail/!(commands).test.ts",
      "test/unit/quectel/@(put|running-mail|small-parts|mail-lock).test.ts",
      "test/e2e/mailer/@(phases|lost-result|busy-for-ever|two-ports|foreign-use|module-recovery).test.ts",
    ],
  },
  smtp: {
    mutate: ["lib/mailer/smtp/**/*.ts"],
    tests: [
      "test/unit/mailer-smtp/*.test.ts",
      "test/unit/mail/fields.test.ts",
      "test/e2e/smtp/*.test.ts",
      "test/e2e/mailer/@(two-ways|auto).test.ts",
    ],
    concurrency: 4,
  },
  mailer: {
    mutate: ["lib/mailer/*.ts", "lib/mailer/auto/*.ts"],
    tests: [
      "test/unit/quectel-mail/@(mailer|send-now|put-result|pure).test.ts",
      "test/unit/mail/notes.test.ts",
      "test/e2e/mailer/@(two-ways|phases|auto|busy-for-ever|module-recovery).test.ts",
      "test/e2e/smtp/@(phases|lost-module|replies).test.ts",
    ],
  },
} as const satisfies Record<string, Area>;

export type AreaName = keyof typeof AREAS;

/** Whether `name` is that of an area. */
export function isAreaName(name: string): name is AreaName {
  return Object.hasOwn(AREAS, name);
}
