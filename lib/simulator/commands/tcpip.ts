import type { Feature } from "../handler";

export const tcpipFeature: Feature = { name: "tcpip", commands: {} };
