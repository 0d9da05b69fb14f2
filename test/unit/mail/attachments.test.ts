import assert from "node:assert/strict";
import fc from "fast-check";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, win32 } from "node:path";
import { ModemError } from "../../../lib/errors";
import { hasRootOf } from "../../../lib/mail/message/attachment-path";
import { readAttachments } from "../../../lib/mail/message/attachments";
import type { Mail, MailAttachment } from "../../../lib/mail/mail";
import { readMessage } from "../../../lib/mail/message/message";
import { failsWith, POLICY } from "./support";

const warnings: string[] = [];
/** The attachments of a list in which none is without content. */
const read = async (
  value: unknown,
  folders: readonly string[] = [],
  html?: Buffer,
): Promise<readonly MailAttachment[]> => {
  const warn = (warning: string): void => void warnings.push(warning);
  const { attachments, missing } = await readAttachments(value, folders, warn, html);
  const [first] = missing;
  if (first !== undefined) throw new ModemError(first.code, { detail: first.why });
  return attachments;
};

const shape = (attachments: readonly MailAttachment[]): unknown =>
  attachments.map(({ filename, content }) => [
    filename,
    content.kind === "bytes" ? content.bytes.toString() : content.path,
  ]);

describe("attachments of a message", () => {
  beforeEach(() => warnings.splice(0));

  it("are one or a list of filename and content", async () => {
    assert.deepEqual(shape(await read({ filename: "a.txt", content: "A" })), [["a.txt", "A"]]);
    assert.deepEqual(
      shape(
        await read([
          { filename: "a.txt", content: "ä" },
          { filename: "b.bin", content: Buffer.from("B") },
        ]),
      ),
      [
        ["a.txt", "ä"],
        ["b.bin", "B"],
      ],
    );
    for (const nothing of [undefined, null, "", false, 0, []]) {
      const message = { to: "a@example.com", payload: "Gate", attachments: nothing };
      const mail = await readMessage(message, {}, POLICY);
      assert.deepEqual([mail.attachments, mail.warnings], [[], []]);
    }
  });

  it("may be text in an encoding, bytes, a number, or a Buffer that went through JSON", async () => {
    const entries = [
      { filename: "1", content: "QUI=", encoding: "base64" },
      { filename: "2", content: "QU\r\nI", encoding: "BASE64" },
      { filename: "3", content: "4142", encoding: "hex" },
      { filename: "4", content: new Uint8Array([65, 66]) },
      { filename: "5", content: { type: "Buffer", data: [65, 66] } },
      { filename: 6, content: "AB", encoding: "utf-8" },
      { filename: "7", content: "" },
      { filename: "8", content: 0 },
    ];
    assert.deepEqual(shape(await read(entries)), [
      ["1", "AB"],
      ["2", "AB"],
      ["3", "AB"],
      ["4", "AB"],
      ["5", "AB"],
      ["6", "AB"],
      ["7", ""],
      ["8", "0"],
    ]);
  });

  it("may be bytes alone, or a text that is a path or a data: URL", async () => {
    assert.deepEqual(shape(await read(Buffer.from("GIF89a"))), [["attachment.gif", "GIF89a"]]);
    assert.deepEqual(shape(await read([new Uint8Array([65]), { type: "Buffer", data: [66] }])), [
      ["attachment.bin", "A"],
      ["attachment.bin", "B"],
    ]);
    assert.deepEqual(shape(await read("data:text/csv,1%2C2")), [["attachment.csv", "1,2"]]);
    for (const path of ["C:\\file.txt", "/etc/hostname", "http://cam/snap.jpg"]) {
      await assert.rejects(read(path), failsWith("INVALID_ATTACHMENT_PATH"));
    }
  });

  it("get a name when they have none", async () => {
    assert.deepEqual(shape(await read([{ content: "x" }, { filename: "", content: "GIF89a" }])), [
      ["attachment.bin", "x"],
      ["attachment.gif", "GIF89a"],
    ]);
  });

  const wrong: readonly unknown[] = [
    "file.txt",
    7,
    [null],
    { filename: "a.txt" },
    { filename: "a.txt", content: null, path: "" },
    { filename: "a.txt", content: {} },
    { filename: "a.txt", content: "a", encoding: "rot13" },
    { filename: "a.txt", content: "not base64!", encoding: "base64" },
    { filename: "a.txt", content: "4142x", encoding: "hex" },
  ];
  for (const value of wrong) {
    it(`are refused as ${JSON.stringify(value)}`, async () => {
      await assert.rejects(read(value), failsWith("INVALID_ATTACHMENT"));
    });
  }

  it("in base64 are taken exactly when they hold nothing but its digits, blanks and padding", async () => {
    const letters = fc.constantFrom("A", "Q", "z", "+", "/", "-", "_", "=", " ", "\n", "*", "é");
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: letters, minLength: 1, maxLength: 12 }), async (content) => {
        const isTaken = await read({ filename: "a", content, encoding: "base64" }).then(
          () => true,
          () => false,
        );
        assert.equal(isTaken, /^[A-Za-z0-9+/_\-\s]*[=\s]*$/.test(content));
      }),
      { numRuns: 2000 },
    );
  });

  describe("beyond the ten that a mail carries", () => {
    const files = (count: number): readonly object[] =>
      Array.from({ length: count }, (_, index) => ({ filename: `${index + 1}.jpg`, content: `${index}` }));
    const mailOf = (msg: object): Promise<Mail> =>
      readMessage({ to: "a@example.com", topic: "Motion", ...msg }, {}, POLICY);
    const names = ({ attachments }: Mail): readonly string[] => attachments.map(({ filename }) => filename);

    it("are left out, and the mail with the first ten names them in its text and in a warning", async () => {
      const ten = await mailOf({ payload: "Gate", attachments: files(10) });
      assert.deepEqual([names(ten).length, ten.text, ten.warnings], [10, "Gate", []]);
      const twelve = await mailOf({ payload: "Gate", attachments: files(12) });
      assert.deepEqual(names(twelve), names(ten));
      assert.equal(twelve.text, 'Gate\r\n\r\nNot attached: "11.jpg", "12.jpg"');
      assert.deepEqual(twelve.warnings, [
        'A mail can have up to 10 attachments; it is sent without "11.jpg", "12.jpg".',
      ]);
      const onlyFiles = await mailOf({ topic: undefined, attachments: files(11) });
      assert.deepEqual([names(onlyFiles).length, onlyFiles.text], [10, 'Not attached: "11.jpg"']);
    });

    it("make room for those of the payload", async () => {
      const mail = await mailOf({ payload: Buffer.from("now"), filename: "now.bin", attachments: files(10) });
      assert.deepEqual(names(mail), ["now.bin", ...names(await mailOf({ attachments: files(9) }))]);
      assert.equal(mail.text, 'Not attached: "10.jpg"');
      assert.equal(mail.attachmentsOfPayload, 1);
    });

    it("take the place of those that have no content, which are named too", async () => {
      const attachments = [...Array.from({ length: 5 }, () => ({ filename: "Tür.jpg" })), ...files(10)];
      const mail = await mailOf({ payload: "Gate", attachments });
      assert.deepEqual(names(mail), names(await mailOf({ attachments: files(10) })));
      assert.equal(mail.text, `Gate\r\n\r\nNot attached: ${Array(5).fill('"Tur.jpg"').join(", ")}`);
      const other = await mailOf({ payload: "Öl", attachments });
      assert.match(other.text, /Not attached: "Tür\.jpg"/);
    });

    it("are counted, not named, in a flood, in which no more than a hundred are looked at", async () => {
      let looked = 0;
      const flood = new Proxy(files(10_000), {
        get: (list, key, receiver) => {
          if (/^\d+$/.test(String(key))) looked++;
          return Reflect.get(list, key, receiver);
        },
      });
      const mail = await mailOf({ payload: "Gate", attachments: flood });
      assert.equal(names(mail).length, 10);
      assert.match(mail.text, /"11\.jpg", .* "20\.jpg" and 9980 more$/);
      assert.equal(mail.warnings.length, 1);
      assert.equal(looked, 100);
      const empty = await mailOf({ payload: "Gate", attachments: Array(10_000).fill(null) });
      assert.match(empty.text, /"attachment 10" and 9990 more$/);
      assert.equal(empty.warnings.length, 12);
      assert.ok(empty.warnings.join().length < 2000);
    });
  });

  it("are listed with what is not used of them", async () => {
    await read({ filename: "a.png", content: "a", contentType: "image/png" });
    assert.deepEqual(warnings, ["The contentType of attachment 1 was not used."]);
  });

  it("have the name by which HTML shows them, unless a header could not hold it", async () => {
    const attachments = [
      ["logo", "logo"],
      ["<trend.7@plant>", "trend.7@plant"],
      [7, "7"],
      ["", undefined],
      ["a\r\nBcc: x@example.com", undefined],
      ["a b", undefined],
      ['a"b', undefined],
      ["größe", undefined],
      ["x".repeat(201), undefined],
      ["[object Object]", undefined],
    ] as const;
    const html = Buffer.from(
      attachments.map(([cid]) => `<img src="cid:${`${cid}`.replace(/^<|>$/g, "")}">`).join(),
    );
    const made = await read(
      attachments.map(([cid]) => ({ filename: "a.png", content: "a", cid })),
      [],
      html,
    );
    assert.deepEqual(
      made.map(({ place }) => (place?.kind === "inline" ? place.cid : undefined)),
      attachments.map(([, cid]) => cid),
    );
    assert.deepEqual(warnings, [
      "The cid of attachments 5, 6, 7, 8, 9 and 1 more is not valid; they are attached as files.",
    ]);
  });

  it("are shown by HTML that names them whole, in the form of a URL or of an attribute", async () => {
    for (const [html, cid, isShown] of [
      ['<img src="cid:trend1">', "trend", false],
      ["<img src=cid:trend>", "trend", true],
      ["<img src='CiD:trend'>", "trend", true],
      ['<img src="cid:trend%407%25@plant">', "trend@7%@plant", true],
      ['<img src="cid:a&amp;b">', "a&b", true],
      ['<img src="cid:a(1)\'s">', "a(1)'s", true],
      ["<td style='background: url(cid:trend); width: 9px'>", "trend", true],
      ['<td style="background: url(&quot;cid:trend&quot;)">', "trend", true],
      ['<img src="cid:%zz%e9">', "%zz%e9", true],
    ] as const) {
      const [one] = await read({ filename: "a.png", content: "a", cid }, [], Buffer.from(html));
      assert.equal(one?.place?.kind === "inline" && one.place.cid === cid, isShown, html);
    }
  });

  it("are told of in one warning for each field, however many have it", async () => {
    const one = { filename: "a", content: "a", contentType: "a/b", raw: "x", cid: "<<" };
    const many = Array.from({ length: 100 }, () => one);
    const msg = { to: "a@example.com", payload: "Gate", attachments: many };
    const { warnings } = await readMessage(msg, {}, POLICY);
    assert.deepEqual(warnings.slice(0, 3), [
      "The contentType of attachments 1, 2, 3, 4, 5 and 95 more was not used.",
      "The raw of attachments 1, 2, 3, 4, 5 and 95 more was not used.",
      "The cid of attachments 1, 2, 3, 4, 5 and 95 more is not valid; they are attached as files.",
    ]);
    assert.equal(warnings.length, 4);
  });

  describe("by path", () => {
    let root = "";
    let allowed = "";
    let outside = "";

    before(async () => {
      root = await mkdtemp(join(tmpdir(), "attachments-"));
      allowed = join(root, "allowed");
      await mkdir(join(allowed, "day"), { recursive: true });
      outside = join(root, "secret.txt");
      await writeFile(outside, "secret");
      await writeFile(join(allowed, "day", "shot.jpg"), "jpeg");
      await writeFile(join(allowed, "..notes"), "notes");
      await symlink(outside, join(allowed, "link.txt"));
      await symlink(allowed, join(root, "alias"));
      execFileSync("mkfifo", [join(allowed, "pipe")]);
    });
    after(() => rm(root, { recursive: true }));

    it("are taken from a folder that the administrator named, by their real path", async () => {
      const path = join(allowed, "day", "shot.jpg");
      assert.deepEqual(shape(await read({ path }, [join(root, "missing"), allowed])), [["shot.jpg", path]]);
      assert.deepEqual(
        shape(await read({ filename: "a.jpg", path: join(root, "alias", "day", "shot.jpg") }, [allowed])),
        [["a.jpg", path]],
      );
      assert.deepEqual(shape(await read({ path }, [join(root, "alias")])), [["shot.jpg", path]]);
      assert.deepEqual(shape(await read([path], [allowed])), [["shot.jpg", path]]);
      assert.deepEqual(shape(await read({ path: join(allowed, "..notes") }, [allowed])), [
        ["..notes", join(allowed, "..notes")],
      ]);
    });

    it("are not read when there is content", async () => {
      assert.deepEqual(shape(await read({ filename: "a", content: "x", path: outside })), [["a", "x"]]);
    });

    const refusedPaths: readonly [string, () => string][] = [
      ["outside of the folder", () => outside],
      ["that climbs out", () => `${allowed}/../secret.txt`],
      ["through a link that leads out", () => join(allowed, "link.txt")],
      ["of the folder itself", () => allowed],
      ["of a folder in it", () => join(allowed, "day")],
      ["of a pipe", () => join(allowed, "pipe")],
      ["that does not exist", () => join(allowed, "missing.txt")],
      ["beside it", () => `${allowed}-not/a.txt`],
      ["that is relative", () => relative(process.cwd(), join(allowed, "day", "shot.jpg"))],
      ["with a NUL", () => `${join(allowed, "day", "shot.jpg")}\u0000.txt`],
      ["that is an URL", () => "https://example.com/a.jpg"],
      ["that is a file URL", () => `file://${join(allowed, "day", "shot.jpg")}`],
    ];
    for (const [what, path] of refusedPaths) {
      it(`are not read ${what}, and the text goes without it`, async () => {
        const attachments = { filename: "a", path: path() };
        await assert.rejects(read(attachments, [allowed]), failsWith("INVALID_ATTACHMENT_PATH"));
        const policy = { allowFrom: false, attachmentPaths: [allowed] };
        const mail = await readMessage({ to: "a@example.com", payload: "Gate", attachments }, {}, policy);
        assert.deepEqual([mail.attachments, mail.text], [[], 'Gate\r\n\r\nNot attached: "a"']);
        assert.equal(mail.warnings.length, 1);
        assert.match(mail.warnings[0] ?? "", /^Attachment 1 \("a"\) has (?:the path ".*", which|a URL) .*;/);
      });
    }

    it("are named by the last part of the path or URL, without what may be secret in it", async () => {
      for (const [entry, name] of [
        [{ path: outside }, "secret.txt"],
        [{ path: "C:\\cams\\gate.jpg" }, "gate.jpg"],
        [{ path: "https://user:pass@cam/snap.jpg?token=pass" }, "snap.jpg"],
        [{ path: "https://user:pass@cam" }, "attachment 1"],
        [{ href: "https://user:pass@cam/" }, "attachment 1"],
      ] as const) {
        const mail = await readMessage(
          { to: "a@example.com", topic: "Gate", attachments: entry },
          {},
          POLICY,
        );
        assert.equal(mail.text, `Not attached: ${JSON.stringify(name)}`);
        assert.ok(!/pass/.test(JSON.stringify(mail)), JSON.stringify(mail));
      }
    });

    it("are refused when no folder is named, and as href always", async () => {
      await assert.rejects(
        read({ path: join(allowed, "day", "shot.jpg") }),
        failsWith("INVALID_ATTACHMENT_PATH"),
      );
      await assert.rejects(
        read({ href: "https://example.com/" }, [allowed]),
        failsWith("INVALID_ATTACHMENT_PATH"),
      );
    });

    it("are not even looked at on a host of Windows that no folder is on, which would log in there", () => {
      const folders = ["D:\\cams", "\\\\nas\\cams\\gate"];
      for (const [path, isLookedAt] of [
        ["d:/cams/gate.jpg", true],
        ["D:\\other\\gate.jpg", true],
        ["//NAS/cams/gate/1.jpg", true],
        ["C:\\cams\\gate.jpg", false],
        ["\\\\evil.example.com\\cams\\gate.jpg", false],
        ["//evil.example.com/cams/gate.jpg", false],
        ["\\\\nas\\other\\gate.jpg", false],
        ["\\\\?\\UNC\\evil.example.com\\cams\\gate.jpg", false],
        ["\\\\.\\COM3", false],
        ["\\cams\\gate.jpg", false],
      ] as const) {
        assert.equal(hasRootOf(folders, path, win32), isLookedAt, path);
      }
      assert.equal(hasRootOf([], "D:\\cams\\gate.jpg", win32), false);
    });

    it("are refused alike inside and outside, so that nobody learns which files exist", async () => {
      const why = (path: string): Promise<string> =>
        read({ filename: "a", path }, [allowed]).then(
          () => "allowed",
          (error: Error) => error.message.replace(JSON.stringify(path), "it"),
        );
      assert.equal(await why(outside), await why(join(root, "no such file")));
    });
  });
});
