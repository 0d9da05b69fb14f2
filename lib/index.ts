/** What a program may use besides the Node-RED nodes: the errors with their table. */
export { ERROR_TABLE, isModemError, ModemError, type ErrorClass, type ErrorCode } from "./errors";
