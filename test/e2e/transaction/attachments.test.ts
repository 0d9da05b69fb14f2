import assert from "node:assert/strict";
import { memoryStore } from "../../../lib/quectel/key-value-store";
import { cme, ERROR, storageSizes, variantTable } from "../../../lib/simulator";
import { quotedText } from "../../../lib/simulator/device/parameters";
import { storageOf } from "../../../lib/simulator/module/file-store";
import { attachment, awkwardBytes, mail, mailRig, type MailRig } from "./mail-rig";

describe("attachments of a mail", () => {
  let rig: MailRig;

  beforeEach(async () => {
    rig = await mailRig();
  });

  afterEach(() => rig.stop());

  const uploads = () => rig.lines().filter((line) => line.startsWith("AT+QFUPL"));

  it("of 1 byte, 1024 bytes and 300 kB arrive bit by bit", async () => {
    const contents = [awkwardBytes(1), awkwardBytes(1024), awkwardBytes(300_000)];
    const names = ["byte.txt", "block.bin", "picture.jpg"];
    const report = await rig.send(
      mail({ attachments: contents.map((content, at) => attachment(names[at] ?? "", content)) }),
    );
    const { parsed } = await rig.server.waitForMail();
    assert.deepEqual(
      parsed.attachments.map(({ filename }) => filename),
      names,
    );
    for (const [at, content] of contents.entries()) {
      assert.ok(parsed.attachments[at]?.content.equals(content), names[at]);
    }
    assert.equal(report.bytes, 17 + 1 + 1024 + 300_000);
  });

  it("are ten at most, and arrive in their order", async () => {
    const names = Array.from({ length: 10 }, (_none, at) => `file-${at}.txt`);
    await rig.send(mail({ attachments: names.map((name) => attachment(name, Buffer.from(name))) }));
    const { parsed } = await rig.server.waitForMail();
    assert.deepEqual(
      parsed.attachments.map(({ filename, content }) => [filename, content.toString()]),
      names.map((name) => [name, name]),
    );
  });

  it("are gone from the module some seconds after the result", async () => {
    await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
    assert.deepEqual(rig.files(), ["RAM:log.csv"]);
    await rig.clock.run(() => rig.files().length === 0, 10_000);
  });

  it("are gone from the module after a failure too", async () => {
    rig.server.refuse = { data: 550 };
    await assert.rejects(rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] })), {
      code: "SMTP_MAILBOX_UNAVAILABLE",
    });
    await rig.clock.run(() => rig.files().length === 0, 10_000);
  });

  it("are gone from the module after another mailer has worked with it in between", async () => {
    await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
    const lease = await rig.modem.lock.acquire();
    await rig.clock.advance(60_000);
    assert.deepEqual(rig.files(), ["RAM:log.csv"]);
    lease.release();
    await rig.clock.run(() => rig.files().length === 0, 10_000);
  });

  it("are gone from the module after the cable was out in between", async () => {
    rig.module.state(storageSizes).RAM = 0;
    await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
    rig.module.unplug();
    await rig.clock.advance(60_000);
    assert.deepEqual(rig.files(), ["UFS:log.csv"]);
    rig.module.plug();
    await rig.clock.run(() => rig.files().length === 0, 120_000);
  });

  it("are uploaded once for several transactions in a row", async () => {
    const attachments = [attachment("log.csv", awkwardBytes(2000))];
    await rig.send(mail({ attachments }));
    await rig.send(mail({ to: ["boss@example.com"], attachments }));
    await rig.send(
      mail({ to: ["third@example.com"], attachments: [attachment("log.csv", awkwardBytes(2001))] }),
    );
    assert.equal(uploads().length, 2);
    const third = await rig.server.waitForMail(3);
    assert.equal(third.parsed.attachments[0]?.size, 2001);
  });

  it("are uploaded again after a restart of the module", async () => {
    const attachments = [attachment("log.csv", awkwardBytes(2000))];
    await rig.send(mail({ attachments }));
    rig.module.restart("restart");
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.mailer.available);
    await rig.send(mail({ attachments }));
    assert.equal(uploads().length, 2);
    assert.equal(rig.server.received.length, 2);
  });

  it("leave a file of another program with the same name alone", async () => {
    storageOf(rig.module, "RAM").create("log.csv", 5).content = Buffer.from("alien");
    await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
    const { parsed } = await rig.server.waitForMail();
    assert.equal(parsed.attachments[0]?.filename, "log-2.csv");
    await rig.clock.run(() => rig.files().length === 1, 10_000);
    assert.equal(storageOf(rig.module, "RAM").find("log.csv")?.content.toString(), "alien");
  });

  it("leave it alone also where the line has damaged the question for it", async () => {
    storageOf(rig.module, "RAM").create("log.csv", 5).content = Buffer.from("alien");
    let damaged = 1;
    rig.module.define((context, next) => (context.name === "+QFLST" && damaged-- > 0 ? ERROR : next()));
    await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
    const { parsed } = await rig.server.waitForMail();
    assert.equal(parsed.attachments[0]?.filename, "log-2.csv");
    assert.equal(storageOf(rig.module, "RAM").find("log.csv")?.content.toString(), "alien");
  });

  it("go to flash when RAM is too small, and are deleted there as well", async () => {
    rig.module.state(storageSizes).RAM = 20_000;
    const size = 20_001;
    await rig.send(mail({ attachments: [attachment("big.bin", awkwardBytes(size))] }));
    assert.deepEqual(rig.files(), ["UFS:big.bin"]);
    const { parsed } = await rig.server.waitForMail();
    assert.equal(parsed.attachments[0]?.size, size);
    await rig.clock.run(() => rig.files().length === 0, 10_000);
  });

  it("that neither storage could ever hold are refused without an upload", async () => {
    const { UFS } = rig.module.state(storageSizes);
    const huge = { ...attachment("huge.bin", awkwardBytes(10)), size: UFS + 1 };
    await assert.rejects(rig.send(mail({ attachments: [huge] })), {
      code: "LIMIT_ATTACHMENT_SIZE",
      class: "message",
      stage: "upload",
    });
    assert.deepEqual(uploads(), []);
  });

  it("whose content does not have its size are refused, and the next mail goes", async () => {
    const wrong = { ...attachment("log.csv", awkwardBytes(10)), size: 12 };
    await assert.rejects(rig.send(mail({ attachments: [wrong] })), { code: "INVALID_ATTACHMENT" });
    await rig.clock.run(() => rig.mailer.available);
    await rig.send(mail());
    assert.equal(rig.server.received.length, 1);
  });

  it("are not uploaded in advance while the module still sends a mail, whose result could be lost", async () => {
    rig.module.define((context, next) => (context.name.startsWith("+QSMTP") ? cme(652) : next()));
    const early = rig.mailer.preload(attachment("log.csv", awkwardBytes(100)));
    await assert.rejects(rig.clock.until(early), { code: "SMTP_BUSY" });
    assert.deepEqual(uploads(), []);
  });

  it("uploaded in advance are used by the mail that follows, and by no other name", async () => {
    const content = awkwardBytes(3000);
    await rig.clock.until(rig.mailer.preload(attachment("image.jpg", content)));
    await rig.send(mail());
    assert.deepEqual(rig.files(), ["RAM:image.jpg"]);
    await rig.send(mail({ attachments: [attachment("image.jpg", content)] }));
    assert.equal(uploads().length, 1);
    await rig.send(mail({ attachments: [attachment("other.jpg", content)] }));
    assert.equal(uploads().length, 2);
    assert.equal((await rig.server.waitForMail(3)).parsed.attachments[0]?.filename, "other.jpg");
  });

  it("uploaded in advance are uploaded again for the mail when the module has restarted meanwhile", async () => {
    const file = attachment("image.jpg", awkwardBytes(3000));
    await rig.clock.until(rig.mailer.preload(file));
    rig.module.restart("restart");
    await rig.clock.run(() => rig.modem.epoch === 2 && rig.mailer.available);
    await rig.send(mail({ attachments: [file] }));
    assert.equal(uploads().length, 2);
    assert.equal((await rig.server.waitForMail()).parsed.attachments[0]?.size, 3000);
  });

  it("uploaded in advance give way when their space is needed", async () => {
    Object.assign(rig.module.state(storageSizes), { RAM: 20_000, UFS: 1_000 });
    const half = 10_010;
    await rig.clock.until(rig.mailer.preload(attachment("old.jpg", awkwardBytes(half))));
    await rig.send(mail({ attachments: [attachment("new.jpg", awkwardBytes(half))] }));
    assert.equal((await rig.server.waitForMail()).parsed.attachments[0]?.filename, "new.jpg");
  });

  it("report their progress over all files", async () => {
    const seen: string[] = [];
    await rig.send(
      mail({
        attachments: [attachment("a.bin", awkwardBytes(5000)), attachment("b.bin", awkwardBytes(6000))],
      }),
      { onProgress: ({ stage, done, total }) => stage === "upload" && seen.push(`${done}/${total}`) },
    );
    assert.equal(seen[0], "0/11000");
    assert.ok(seen.includes("5000/11000"));
    assert.equal(seen.at(-1), "11000/11000");
  });
});

describe("attachments of a mail for a module without RAM", () => {
  const uploaded = (rig: MailRig, from: number): readonly string[] =>
    rig.lines(from).filter((line) => line.startsWith("AT+QFUPL"));

  for (const answer of ["406", "400", "error", "3"] as const) {
    it(`go to its flash, without asking in vain for ever (${answer})`, async () => {
      const store = memoryStore();
      const rig = await mailRig({ store, module: { variants: { "ram-storage": answer } } });
      let from = 0;
      for (let number = 1; number <= 4; number++) {
        from = rig.lines().length;
        await rig.send(mail({ attachments: [attachment(`log-${number}.csv`, awkwardBytes(10 + number))] }));
      }
      assert.equal(rig.server.received.length, 4);
      assert.deepEqual(
        rig.server.received.map(({ parsed }) => parsed.attachments[0]?.content.length),
        [11, 12, 13, 14],
      );
      assert.deepEqual(uploaded(rig, from), ['AT+QFUPL="UFS:log-4.csv",14,31']);
      await rig.clock.run(() => rig.files().length === 0, 10_000);
      assert.equal(await store.read("files"), "[]");
      await rig.stop();
    });
  }

  it("wait for room where its flash is full, and are refused only where it could never hold them", async () => {
    const rig = await mailRig({ module: { variants: { "ram-storage": "406" } } });
    Object.assign(rig.module.state(storageSizes), { UFS: 10_000 });
    storageOf(rig.module, "UFS").create("others.bin", 9_000);
    const send = (size: number) => rig.send(mail({ attachments: [attachment("a.bin", awkwardBytes(size))] }));
    for (let number = 1; number <= 4; number++)
      await assert.rejects(send(2_000), { code: "FILE_NO_SPACE", class: "transient" });
    await assert.rejects(send(20_000), { code: "LIMIT_ATTACHMENT_SIZE" });
    storageOf(rig.module, "UFS").delete("others.bin");
    await send(2_000);
    await rig.stop();
  });

  it("go to its RAM again once it tells of one", async () => {
    const rig = await mailRig();
    let isHidden = true;
    rig.module.define((context, next) => {
      const isRam = context.parameters.some((one) => quotedText(one)?.startsWith("RAM") === true);
      return isHidden && isRam && context.name.startsWith("+QF") ? ERROR : next();
    });
    const send = (name: string) => rig.send(mail({ attachments: [attachment(name, awkwardBytes(10))] }));
    for (let number = 1; number <= 4; number++) await send(`${number}.csv`);
    isHidden = false;
    const from = rig.lines().length;
    await send("5.csv");
    assert.match(uploaded(rig, from).join(), /^AT\+QFUPL="RAM:5\.csv"/);
    await rig.stop();
  });
});

describe("left-overs of a former run", () => {
  for (const answer of variantTable["missing-file"].values) {
    it(`that are gone from the module already are forgotten, where it says ${answer} to that`, async () => {
      const store = memoryStore();
      await store.write("files", JSON.stringify(["RAM:gone.csv"]));
      const rig = await mailRig({ store, module: { variants: { "missing-file": answer } } });
      await rig.send(mail());
      assert.equal(await store.read("files"), "[]");
      await rig.send(mail());
      assert.equal(rig.lines().filter((line) => line.startsWith("AT+QFDEL")).length, 1);
      assert.equal(rig.server.received.length, 2);
      await rig.stop();
    });
  }

  it("are deleted before the next attachment, by their recorded names only", async () => {
    const store = memoryStore();
    await store.write("files", JSON.stringify(["RAM:old.csv", "UFS:old.bin", "RAM:gone.csv"]));
    const rig = await mailRig({ store });
    for (const [storage, name] of [
      ["RAM", "old.csv"],
      ["UFS", "old.bin"],
      ["RAM", "alien.csv"],
    ] as const) {
      storageOf(rig.module, storage).create(name, 4).content = Buffer.from("left");
    }
    await rig.send(mail());
    assert.deepEqual(rig.files(), ["RAM:alien.csv"]);
    assert.equal(await store.read("files"), "[]");
    await rig.stop();
  });

  it("are deleted although no mail comes, once the module is ready", async () => {
    const store = memoryStore();
    await store.write("files", JSON.stringify(["UFS:old.bin"]));
    const rig = await mailRig({ store });
    storageOf(rig.module, "UFS").create("old.bin", 4).content = Buffer.from("left");
    await rig.clock.run(() => rig.files().length === 0, 20_000);
    await rig.stop();
  });

  it("are left alone while the module still sends a mail, which may need them", async () => {
    const store = memoryStore();
    await store.write("files", JSON.stringify(["UFS:old.bin"]));
    const rig = await mailRig({ store });
    storageOf(rig.module, "UFS").create("old.bin", 4).content = Buffer.from("left");
    const free = rig.module.define(({ name, form }, next) =>
      name.startsWith("+QSMTP") && form !== "test" ? cme(652) : next(),
    );
    await rig.clock.advance(120_000);
    assert.deepEqual(rig.files(), ["UFS:old.bin"]);
    free();
    await rig.clock.run(() => rig.files().length === 0, 20_000);
    await rig.stop();
  });

  it("of a mail that was broken off are recorded before they are uploaded", async () => {
    const store = memoryStore();
    const rig = await mailRig({ store });
    let recorded: string | undefined;
    rig.module.define(async (context, next) => {
      if (context.name === "+QFUPL") recorded = await store.read("files");
      return next();
    });
    await rig.send(mail({ attachments: [attachment("log.csv", awkwardBytes(10))] }));
    assert.equal(recorded, '["RAM:log.csv"]');
    await rig.stop();
  });
});
