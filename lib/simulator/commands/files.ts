import type { Feature } from "../handler";

export const filesFeature: Feature = { name: "files", commands: {} };
