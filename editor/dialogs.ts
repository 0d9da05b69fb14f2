/**
 * What the definitions of the nodes (`nodes/*.html`) use, as the global `quectelMail`: validators, and what each dialog
 * does when it is opened, saved or left. The editor loads it before them.
 */
export { begin, chooseAction, current, findBy, showWhatApplies, takeAddresses } from "./dialog/fields";
export { inputLabels, labelStyle, translateStatus } from "./dialog/texts";
export { address, certificate, chosen, filled, integer, onlyIf, typed } from "./dialog/validators";
export { explain, providerRemark } from "./shared/explain";
export { closeModem, modemLabel, prepareModem, saveModem } from "./modem/dialog";
export { hasCredentials, neededCredential, watchCredentials } from "./modem/credentials";
export { modemDefaults } from "./modem/properties";
