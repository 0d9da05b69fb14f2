/** All features of the simulated modem. */
import type { Feature } from "../handler";
import { cardFilesFeature } from "./card-files";
import { clockFeature } from "./clock";
import { filesFeature } from "./files";
import { generalFeature } from "./general";
import { identityFeature } from "./identity";
import { modemManagerFeature } from "./modemmanager";
import { networkFeature } from "./network";
import { operatorFeature } from "./operator";
import { packetDomainFeature } from "./packet-domain";
import { powerFeature } from "./power";
import { readinessFeature } from "./readiness";
import { simFeature } from "./sim";
import { smtpFeature } from "./smtp";
import { socketsFeature } from "./sockets";
import { sslFeature } from "./ssl";
import { tcpipFeature } from "./tcpip";

export const features: readonly Feature[] = [
  generalFeature,
  identityFeature,
  simFeature,
  cardFilesFeature,
  networkFeature,
  operatorFeature,
  clockFeature,
  powerFeature,
  readinessFeature,
  modemManagerFeature,
  packetDomainFeature,
  filesFeature,
  sslFeature,
  smtpFeature,
  tcpipFeature,
  socketsFeature,
];
