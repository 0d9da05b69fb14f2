/** The program of docs/sockets.md against a server on loopback, through the simulated module. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { MailServer } from "../../support/mail-server";

interface Talk {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

const TRUST = ["--ca", resolve("test/support/certificates/ca.pem"), "--servername", "mail.example.com"];

/** Runs the program, types `lines` when the server has greeted or TLS is there, and gives back what it said. */
async function talk(args: readonly string[], lines: string): Promise<Talk> {
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/s-client.ts", ...args]);
  let out = "";
  let err = "";
  const ready = args.includes("--starttls") ? /verified/ : /220 /;
  let typed = false;
  const type = (): void => {
    if (typed || !ready.test(err + out)) return;
    typed = true;
    child.stdin.write(lines);
  };
  child.stdout.on("data", (text: Buffer) => {
    out += text.toString();
    type();
  });
  child.stderr.on("data", (text: Buffer) => {
    err += text.toString();
    type();
  });
  const [code] = (await once(child, "close")) as [number | null];
  return { code, out, err };
}

describe("npm run s-client", function () {
  this.timeout(60_000);
  let server: MailServer;
  afterEach(() => server.stop());

  it("talks TLS to a server through the simulated module", async () => {
    server = await MailServer.start({ tls: "implicit" });
    const { code, out, err } = await talk([`127.0.0.1:${server.port}`, ...TRUST], "QUIT\n");
    assert.equal(code, 0, err);
    assert.match(out, /^220 .*\r\n221 /s);
    assert.match(err, /TLSv1\.3/);
  });

  it("upgrades by STARTTLS", async () => {
    server = await MailServer.start({ tls: "starttls" });
    const { code, out, err } = await talk(
      [`127.0.0.1:${server.port}`, "--starttls", ...TRUST],
      "EHLO [127.0.0.1]\nQUIT\n",
    );
    assert.equal(code, 0, err);
    assert.match(out, /^250[\s\S]*\n221 /);
  });

  it("refuses a server whose certificate it does not trust, and says why", async () => {
    server = await MailServer.start({ tls: "implicit" });
    const { code, out, err } = await talk([`127.0.0.1:${server.port}`], "QUIT\n");
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(err, /certificate/);
  });
});
