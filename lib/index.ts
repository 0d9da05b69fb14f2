/** What a program may use in addition to the Node-RED nodes: the errors with their table. */
export { ERROR_TABLE, isModemError, ModemError, type ErrorClass, type ErrorCode } from "./errors";
