/** The certificates of the tests as PEM text; `certificates/README.md` says what each one is. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export type CertificateName =
  | "ca"
  | "other-ca"
  | "server"
  | "other-name"
  | "intermediate"
  | "chained"
  | "expired"
  | "not-yet-valid"
  | "client"
  | "tokens";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Certificate and private key of a name. */
export function certificate(name: CertificateName): Certificate {
  const folder = join(__dirname, "certificates");
  return {
    cert: readFileSync(join(folder, `${name}.pem`), "utf8"),
    key: readFileSync(join(folder, `${name}.key`), "utf8"),
  };
}
