import type { Feature } from "../handler";

export const smtpFeature: Feature = { name: "smtp", commands: {} };
