import type { Feature } from "../handler";

export const sslFeature: Feature = { name: "ssl", commands: {} };
