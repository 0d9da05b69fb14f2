/**
 * Errors 400..429 of the module's FILE commands.
 *
 * Source: Quectel FILE application notes (numbers and meaning); the class is our own judgement.
 */
import type { ErrorRow } from "./row";

export const FILE_ERRORS = {
  FILE_INVALID_INPUT: {
    number: 400,
    text: "The module rejected a value in a file command",
    hint: "Report this message together with the output of quectel-modem-facts (README).",
    class: "transient",
  },
  FILE_BEYOND_END: {
    number: 401,
    text: "The range is beyond the end of the file",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_ZERO_READ: {
    number: 402,
    text: "The module read nothing from the file",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_DRIVE_FULL: {
    number: 403,
    text: "The module's file store is full",
    hint: "Delete files that are no longer needed, or send smaller attachments.",
    class: "transient",
  },
  FILE_MOVE_FAILED: {
    number: 404,
    text: "The module could not move or copy the file",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_NOT_FOUND: {
    number: 405,
    text: "The file is not in the module",
    hint: "It is uploaded again automatically.",
    class: "transient",
  },
  FILE_NAME_INVALID: {
    number: 406,
    text: "The module refused the file name",
    hint: "Use letters, digits, dot, dash and underscore in the name.",
    class: "message",
  },
  FILE_EXISTS: {
    number: 407,
    text: "A file with this name already exists in the module",
    hint: "The file is replaced and the upload retried automatically.",
    class: "transient",
  },
  FILE_CREATE_FAILED: {
    number: 408,
    text: "The module could not create the file",
    hint: "Retried automatically. Check the free memory of the module.",
    class: "transient",
  },
  FILE_WRITE_FAILED: {
    number: 409,
    text: "The module could not write the file",
    hint: "Retried automatically. Check the free memory of the module.",
    class: "transient",
  },
  FILE_OPEN_FAILED: {
    number: 410,
    text: "The module could not open the file",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_READ_FAILED: {
    number: 411,
    text: "The module could not read the file",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_TOO_LONG: {
    number: 412,
    text: "More bytes than the module allows",
    hint: "Send a smaller file.",
    class: "message",
  },
  FILE_TOO_MANY_OPEN: {
    number: 413,
    text: "Too many files are open in the module",
    hint: "Retried automatically after a pause.",
    class: "transient",
  },
  FILE_READ_ONLY: {
    number: 414,
    text: "The file is read-only",
    hint: "Use another name.",
    class: "transient",
  },
  FILE_SIZE_FAILED: {
    number: 415,
    text: "The module could not report the file size",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_BAD_HANDLE: {
    number: 416,
    text: "The file handle is invalid",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_LIST_FAILED: {
    number: 417,
    text: "The module could not list its files",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_DELETE_FAILED: {
    number: 418,
    text: "The module could not delete the file",
    hint: "Retried after the next restart of the module.",
    class: "transient",
  },
  FILE_STORE_INFO_FAILED: {
    number: 419,
    text: "The module could not report the state of its file store",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_NO_SPACE: {
    number: 420,
    text: "The module has no space left for the file",
    hint: "Send smaller or fewer attachments.",
    class: "transient",
  },
  FILE_TIMEOUT: {
    number: 421,
    text: "The upload to the module took too long",
    hint: "Check the cable. Set Flow control to RTS/CTS if these lines are connected.",
    class: "transient",
  },
  FILE_NOT_OPEN: {
    number: 422,
    text: "The file was not found or is not open",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_TOO_LARGE: {
    number: 423,
    text: "The file is too large for the module",
    hint: "Send a smaller file.",
    class: "message",
  },
  FILE_ALREADY_THERE: {
    number: 424,
    text: "The file already exists",
    hint: "The file is replaced and the upload retried automatically.",
    class: "transient",
  },
  FILE_PARAMETER: {
    number: 425,
    text: "The module rejected a parameter of a file command",
    hint: "Report this message together with the output of quectel-modem-facts (README).",
    class: "transient",
  },
  FILE_ALREADY_OPEN: {
    number: 426,
    text: "The file is already open",
    hint: "Retried automatically after a pause.",
    class: "transient",
  },
  FILE_GENERAL: {
    number: 427,
    text: "The module's file store failed",
    hint: "Retried automatically. If the error persists, restart the module.",
    class: "transient",
  },
  FILE_RENAME_FAILED: {
    number: 428,
    text: "The module could not rename the file",
    hint: "Retried automatically.",
    class: "transient",
  },
  FILE_LEFT_DATA_MODE: {
    number: 429,
    text: "The upload was interrupted",
    hint: "Retried automatically.",
    class: "transient",
  },
} as const satisfies Record<string, ErrorRow>;
