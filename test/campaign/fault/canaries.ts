/** Strings that stand for secrets, found again wherever they must not be, in any form that a reader could undo. */

export const CANARIES = {
  smtpUser: "canary-user@example.com",
  smtpPassword: "Canary7Password-q9",
  apnUser: "canary-apn-user",
  apnPassword: "Canary7Apn-k3",
  simPin: "73915264",
} as const;

/** A secret as a text may hold it: as it is, as hexadecimal digits, in a URL and, whatever stands before it, as Base64. */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  // In base64 a text looks different at each of three offsets; the outer characters depend on the neighbours.
  const encoded = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString("base64")
      .slice(offset === 0 ? 0 : offset + 1)
      .replace(/.{0,3}=*$/, ""),
  );
  return [secret, bytes.toString("hex"), encodeURIComponent(secret), ...encoded];
}

const FORMS: readonly (readonly [string, string])[] = Object.values(CANARIES).flatMap((secret) =>
  formsOf(secret).map((form) => [form, secret] as const),
);

/** Names the secrets that a text gives away. */
export function leaksIn(text: string): readonly string[] {
  const lower = text.toLowerCase();
  return [
    ...new Set(
      FORMS.filter(([form]) => text.includes(form) || lower.includes(form.toLowerCase())).map(
        ([, secret]) => `the secret ${secret}`,
      ),
    ),
  ];
}
