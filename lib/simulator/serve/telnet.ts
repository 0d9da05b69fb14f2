/** Telnet (RFC 854, 856, 857, 858) as a serial server speaks it: what it asks for at connect, and its escapes in the data. */

const IAC = 255;
const DONT = 254;
const WILL = 251;
const DO = 253;
const SB = 250;
const SE = 240;
const ECHO = 1;
const SUPPRESS_GO_AHEAD = 3;
const COM_PORT = 44;

/** Offers of the server: it echoes, suppresses go-ahead, and would take COM port control (RFC 2217). */
export const telnetGreeting = Buffer.from([
  IAC,
  WILL,
  ECHO,
  IAC,
  WILL,
  SUPPRESS_GO_AHEAD,
  IAC,
  DO,
  SUPPRESS_GO_AHEAD,
  IAC,
  DO,
  COM_PORT,
]);

/** Data towards the client: the byte 255 is doubled. */
export function toTelnet(bytes: Buffer): Buffer {
  return Buffer.from([...bytes].flatMap((byte) => (byte === IAC ? [IAC, IAC] : [byte])));
}

/** Takes the commands out of what one client sends; a pair of 255 is one byte of data. */
export function telnetReader(): (bytes: Buffer) => Buffer {
  let state: "data" | "command" | "option" | "subnegotiation" | "end" = "data";
  return (bytes) => {
    const data: number[] = [];
    for (const byte of bytes) {
      switch (state) {
        case "data":
          if (byte === IAC) state = "command";
          else data.push(byte);
          break;
        case "command":
          if (byte === IAC) data.push(byte);
          state = byte === SB ? "subnegotiation" : byte >= WILL && byte <= DONT ? "option" : "data";
          break;
        case "option":
          state = "data";
          break;
        case "subnegotiation":
          if (byte === IAC) state = "end";
          break;
        case "end":
          state = byte === SE ? "data" : "subnegotiation";
          break;
      }
    }
    return Buffer.from(data);
  };
}
