/** All questions in the order in which they are asked: what reads only first, what restarts the module last. */
import { accountQuestions } from "./account-questions";
import { fileQuestions } from "./file-questions";
import { listQuestions } from "./list-questions";
import { mailQuestions } from "./mail-questions";
import { networkQuestions } from "./network-questions";
import { putQuestions } from "./put-questions";
import type { Question } from "./question";
import { restartQuestions } from "./restart-questions";
import { sendQuestions } from "./send-questions";
import { socketLimitQuestions } from "./socket-limit-questions";
import { socketQuestions } from "./socket-questions";
import { textQuestions } from "./text-questions";
import { timeQuestions } from "./time-questions";
import { tlsQuestions } from "./tls-questions";

export const QUESTIONS: readonly Question[] = [
  ...networkQuestions,
  ...tlsQuestions,
  ...textQuestions,
  ...accountQuestions,
  ...listQuestions,
  ...fileQuestions,
  ...timeQuestions,
  ...socketQuestions,
  ...socketLimitQuestions,
  ...putQuestions,
  ...sendQuestions,
  ...mailQuestions,
  ...restartQuestions,
];
