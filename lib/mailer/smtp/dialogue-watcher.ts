/** DialogueWatcher: who is told how far a mail has come in its session with the server. */
import type { PrepareOptions, SessionStage } from "../mailer";

/** Who watches a mail on its way. */
export interface DialogueWatcher {
  /** Told of each step that begins. */
  onStage(stage: SessionStage): void;
  /** Told of the bytes that the server has acknowledged since it asked for the message. */
  onAcknowledged(bytes: number): void;
}

/** Tells the caller of a mail. @param total bytes of the message */
export function watcherOf(total: number, { onProgress }: PrepareOptions): DialogueWatcher {
  return {
    onStage: (stage) => onProgress?.({ stage, done: 0, total: stage === "data" ? total : 0 }),
    // Encryption and doubled dots come on top.
    onAcknowledged: (bytes) => onProgress?.({ stage: "data", done: Math.min(bytes, total), total }),
  };
}
