/**
 * What the steps of a diagnosis find, in English, each text by a name of its own.
 *
 * They stand here and not where they are found, because the editor shows each in the language of the person who looks
 * (editor/shared/finding-text.ts). `__name__` stands for a value. What has no words, such as a level in dBm, stands nowhere.
 */
export const FINDINGS = {
  portOpen: "the port is open",
  module: "__module__, firmware __firmware__",
  simReady: "the SIM card is ready",
  home: "registered (home)__technology__",
  roaming: "registered (roaming)__technology__",
  signalUnknown: "the module does not report the signal",
  signalWeak: "__dbm__ dBm, which is weak",
  apnSet: '"__apn__" for context __context__',
  apnStored: 'the module has stored "__apn__" for context __context__',
  apnNone: "none is set, and the module has none stored for context __context__",
  active: "context __context__ is active with __addresses__",
  activeLater: "not active yet, because a mail is being prepared; test again when it has finished",
  noCertificate: "no certificate is verified",
  clockRight: "the module's clock is correct",
  clockFromNetwork: "the clock was wrong and has been set from the network",
  clockFromTimeServer: "the clock was wrong and has been set from a time server",
  clockFromHost: "the clock was wrong and has been set from this computer",
  hostClock: "this computer's clock shows __host__; the network reports no time",
  bothClocks: "this computer's clock shows __host__, the network's clock __network__",
  noServer: "no mail server is selected yet",
  isAddress: "__host__ is an IP address",
  address: "__host__ has the address __address__",
  serverLater: "not tested, because a mail is being sent; test again when it has finished",
  pong: "__host__ responds to pings",
  noPong: "__host__ does not respond to pings",
  connected: "__host__ accepts connections on port __port__ (__ms__ ms)",
  noEncryption: "no encryption is selected",
  trusted: "__version__, the certificate is trusted",
  notVerified: "__version__, the certificate is not verified",
  noLogin: "no username is set, so there is no login",
  loginAccepted: "the server has accepted the login",
  lastMail: "the last mail was sent",
  longLogin: "username or password is longer than __bytes__ bytes",
  nextMail: "tested when the next mail is sent",
  oddPort: "port __port__ is not usually used with __security__",
  oddPortPlain: "port __port__ is not usually used without encryption",
  notByModule: "not possible with this encryption or login",
} as const;

/** @param values for the places in the text, without secrets */
export function found(
  name: keyof typeof FINDINGS,
  values: Readonly<Record<string, string | number>> = {},
): string {
  return FINDINGS[name].replaceAll(/__(\w+?)__/g, (_place, value: string) => String(values[value] ?? ""));
}
