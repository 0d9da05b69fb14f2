/** All parts of the campaign, each with the way it is run. */
import { faults } from "./faults";
import { floods } from "./floods";
import { fresh } from "./fresh";
import { hostile } from "./hostile";
import { kills } from "./kills";
import { load } from "./load";
import type { Part } from "./part";
import { nextMail } from "./next-mail";
import { realTime } from "./real-time";
import { secrets } from "./secrets";
import { soak } from "./soak";
import { supply } from "./supply";

/** In the order of the table. */
export const PARTS: readonly Part[] = [
  faults,
  nextMail,
  kills,
  soak,
  floods,
  hostile,
  fresh,
  secrets,
  load,
  realTime,
  supply,
];
