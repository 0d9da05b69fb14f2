// Answers AT command lines from stdin on stdout at once, as little as a measurement of clients needs: echo, ATE, and OK.
let echo = true;
let held = "";

process.stdin.on("data", (bytes) => {
  held += bytes.toString("latin1");
  const lines = held.split("\r");
  held = lines.pop() ?? "";
  process.stdout.write(lines.map(answer).join(""), "latin1");
});

function answer(line) {
  const echoed = echo ? `${line}\r` : "";
  const command = line.trim().toUpperCase();
  if (command.startsWith("ATE")) echo = command[3] === "1";
  const asked = command.split(";").filter((part) => part.endsWith("+CMEE?"));
  return `${echoed}${asked.map(() => "\r\n+CMEE: 1\r\n").join("")}\r\nOK\r\n`;
}
