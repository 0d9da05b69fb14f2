/** What a canonical mail is, and the messages that many of them send. */
import type { Message, Station, StationOptions } from "./station";

export interface CanonicalMail extends StationOptions {
  /** Name of its file, without ending. */
  readonly name: string;
  /** What it shows, one sentence. */
  readonly about: string;
  /** Sends messages; what happens between them stands here too. */
  readonly run: (station: Station) => Promise<void>;
}

export const ALARM: Message = { to: "duty@example.com", topic: "Pump 7 alarm", payload: "Level too high." };
export const LATIN: Message = { ...ALARM, topic: "Füllstand", payload: "Füllstand 3,2 m, steigt" };
export const LOG = { filename: "test.txt", content: Buffer.from("time;level\n12:00;94\n") };

export const TLS = { smtpSecurity: "tls", smtpPort: 465 } as const;
export const STARTTLS = { smtpSecurity: "starttls", smtpPort: 587 } as const;

/** One message that is sent. */
export const sends =
  (message: Message, expected?: "sent" | "partial" | "failed") =>
  (station: Station): Promise<void> =>
    station.send(message, expected);
