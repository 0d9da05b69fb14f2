/**
 * TlsContext: the module's SSL context for mails, with the server's root certificate.
 *
 * Which certificate to use is not decided here: the caller passes a function that names candidates, and they are
 * tried in turn. Verification is on unless a person switched it off; where it cannot be done, the mail fails with
 * what to do about it, and never goes out unverified.
 */
import { ModemError, SPECIAL_HINTS } from "../../errors";
import { setSsl } from "../../quectel/commands/ssl";
import type { KnownSettings, Setting } from "./guarded-modem";
import type { RootFiles, RootPem } from "../../quectel/files/root-files";
import type { SmtpSettings } from "../../quectel/settings";

export type { RootPem } from "../../quectel/files/root-files";

/** The root certificates with which the server may be verified, most probable first; empty when none is known. */
export type RootProvider = (settings: SmtpSettings) => Promise<readonly RootPem[]>;

/** TLS 1.2 or less; there is no value that excludes only the old ones. */
const ALL_VERSIONS = 4;
const ALL_SUITES = 0xffff;
const HANDSHAKE_SECONDS = { min: 10, max: 300 } as const;

export class TlsContext {
  /** The certificate in turn, by server. */
  private readonly turns = new Map<string, number>();

  constructor(
    private readonly known: KnownSettings,
    private readonly files: RootFiles,
    private readonly roots: RootProvider,
  ) {}

  /**
   * Sets the context for one server and returns warnings.
   *
   * Rejects with `INVALID_CONFIG` when no root certificate is known, with `FILE_DRIVE_FULL` of class setup when there
   * is no room for it.
   */
  async configure(settings: SmtpSettings, signal: AbortSignal): Promise<readonly string[]> {
    const { contextId, verify } = settings.tls;
    const cacert = verify ? await this.rootFile(settings, signal) : undefined;
    const required = [
      setSsl(contextId, "sslversion", ALL_VERSIONS),
      setSsl(contextId, "ciphersuite", ALL_SUITES),
      ...(cacert === undefined ? [] : [setSsl(contextId, "cacert", cacert)]),
      setSsl(contextId, "seclevel", verify ? 1 : 0),
    ];
    // Twice, because a setting that was taken only after a refusal voids those before it.
    for (const setting of [...required, ...required]) await this.known.apply(setting, signal);
    const warnings: string[] = [];
    for (const { setting, lost } of optional(settings)) {
      if (!(await this.known.applyIfKnown(setting, signal))) warnings.push(lost);
    }
    return warnings;
  }

  /**
   * The handshake with the certificate in turn has failed: passes the turn on, unless it failed because the module has
   * lost its file.
   *
   * @returns false when all have had theirs; then it begins from the first again, and each is uploaded again.
   */
  async nextRoot(settings: SmtpSettings, signal: AbortSignal): Promise<boolean> {
    if (!settings.tls.verify) return false;
    const candidates = await this.roots(settings);
    const failed = this.inTurn(settings, candidates);
    if (failed !== undefined && (await this.files.isLost(failed, signal))) return true;
    const { length } = candidates;
    const next = (this.turns.get(serverOf(settings)) ?? 0) + 1;
    this.turns.set(serverOf(settings), next < length ? next : 0);
    if (next < length) return true;
    await this.files.doubt(candidates);
    return false;
  }

  private inTurn(settings: SmtpSettings, candidates: readonly RootPem[]): RootPem | undefined {
    return candidates[this.turns.get(serverOf(settings)) ?? 0] ?? candidates[0];
  }

  private async rootFile(settings: SmtpSettings, signal: AbortSignal): Promise<string> {
    const candidates = await this.roots(settings);
    const root = this.inTurn(settings, candidates);
    if (root === undefined) {
      throw new ModemError("INVALID_CONFIG", {
        stage: "tls",
        detail: `no root certificate is known for ${settings.host}`,
        hint: SPECIAL_HINTS.noRootKnown,
      });
    }
    return this.files.place(root, signal);
  }
}

function serverOf(settings: SmtpSettings): string {
  return `${settings.host}:${settings.port} ${JSON.stringify(settings.tls.root)}`;
}

/** Settings that older firmware does not know, and what is lost without them. */
function optional({ tls, sendTimeout }: SmtpSettings): readonly { setting: Setting; lost: string }[] {
  const { contextId, verify } = tls;
  const handshake = Math.min(HANDSHAKE_SECONDS.max, Math.max(HANDSHAKE_SECONDS.min, sendTimeout));
  return [
    {
      setting: setSsl(contextId, "ignorelocaltime", verify ? 0 : 1),
      lost: "whether the module checks the dates of certificates is up to its firmware",
    },
    {
      setting: setSsl(contextId, "negotiatetime", handshake),
      lost: "the module's own time limit of the TLS handshake holds",
    },
    {
      setting: setSsl(contextId, "sni", 1),
      lost: "the module does not name the server in the TLS handshake (SNI), which some servers need",
    },
  ];
}
