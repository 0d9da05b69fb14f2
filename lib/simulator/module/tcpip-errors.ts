/** TCP/IP error numbers and the texts of QIGETERROR (fact base 6). */
export const tcpipErrorTexts = {
  0: "operate successfully",
  550: "unknown error",
  552: "invalid parameters",
  561: "open PDP context failed",
  565: "DNS parse failed",
  569: "operation timeout",
  570: "PDP context broken down",
  572: "operation not allowed",
  573: "APN not configured",
} as const;

export type TcpipError = keyof typeof tcpipErrorTexts;
