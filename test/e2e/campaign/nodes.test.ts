/** Episodes of the campaign whose messages come in through nodes, over deploys: what they hold the nodes to is found when it is missing. */
import assert from "node:assert/strict";
import type { Node } from "node-red";
import { Dice } from "../../campaign/fault/dice";
import { anyLetter } from "../../campaign/fault/letters";
import { NodeAnswers, type Ways } from "../../campaign/fault/node-answers";
import { campaign } from "../../campaign/fault/replayed";
import { ALL } from "../../campaign/fault/schedule";
import type { End } from "../../campaign/fault/audit";
import type { ResultReceiver } from "../../../nodes/runtime/modem/routing";

/** With a deploy of the modem's node. */
const EPISODE = { seed: 3, number: 39 };
const FEW = { ...ALL, mails: [0, 1, 2, 3] };
const LETTER = anyLetter(7, "auto", new Dice(1));
const ID = "kbhq2d7x";

/** A node that tells each end twice. */
function stammer(receiver: ResultReceiver): void {
  const receive = receiver.receive.bind(receiver);
  receiver.receive = async (ended) => {
    await receive(ended);
    await receive(ended);
  };
}

/** A node with a message, and what was complained of it when all was over. */
class Asked {
  readonly ends: End[] = [];
  readonly node = { id: "send" } as Node;
  private readonly complaints: string[] = [];
  private isClosed = false;
  private readonly answers = new NodeAnswers({
    letters: () => [LETTER],
    ended: (end) => this.ends.push(end),
    complain: (what) => this.complaints.push(what),
    published: () => undefined,
    isClosed: () => this.isClosed,
  });

  constructor(ways: Ways = { emit: "whenSent", errorTo: "both" }) {
    this.answers.took(LETTER, this.node, ways).catch(() => undefined);
  }

  accept(): this {
    this.answers.accepted(LETTER.message, ID);
    return this;
  }

  sent(status: "sent" | "queued" | "failed", changed: object = {}): this {
    const numbers = { attempts: 1, queuedMs: 1, bytes: 1 };
    const smtp = { status, id: ID, accepted: ["to.7@example.com"], rejected: [], warnings: [], ...numbers };
    this.answers.sent(this.node, { ...LETTER.message, smtp, ...changed });
    return this;
  }

  done(): this {
    this.answers.completed(LETTER.message);
    return this;
  }

  close(): this {
    this.isClosed = true;
    return this;
  }

  get complaint(): string {
    return [...this.complaints, ...this.answers.debts(true)].join("; ");
  }
}

describe("A message that came to a node in the campaign", () => {
  it("is in order when it is accepted, told once, and done once", () => {
    const asked = new Asked().accept().sent("sent").done();
    assert.deepEqual([asked.complaint, asked.ends.length], ["", 1]);
    assert.equal(
      new Asked({ emit: "whenQueued", errorTo: "both" }).accept().sent("queued").done().complaint,
      "",
    );
  });

  it("is complained of when it is never answered, never done or done twice", () => {
    assert.match(new Asked().complaint, /never answered letter 7/);
    assert.match(new Asked().accept().sent("sent").complaint, /done of letter 7 .* 0 times/);
    assert.match(new Asked().accept().sent("sent").done().done().complaint, /done of letter 7 .* 2 times/);
  });

  it("is complained of when it is told by a closed node, or as another message", () => {
    assert.match(new Asked().accept().done().close().sent("sent").complaint, /after its close/);
    assert.match(new Asked().accept().done().sent("sent", { payload: "" }).complaint, /another payload/);
  });

  it("is complained of when it is refused after it was accepted", () => {
    assert.match(
      new Asked()
        .accept()
        .done()
        .sent("failed", { smtp: { id: "" } }).complaint,
      /was accepted/,
    );
  });

  it("may be told by a node that came later, which has no done of it", () => {
    assert.equal(new Asked().accept().close().complaint, "");
  });
});

describe("An episode of the campaign by nodes", function () {
  this.timeout(120_000);

  it("meets deploys, and is sound", async () => {
    const played = await campaign().play({ ...EPISODE, chosen: FEW });
    assert.deepEqual(played.problems, []);
    assert(played.isByNodes);
    assert(played.story.some((line) => line.includes("host flow deploy usbat-modem usbat-send-0 ")));
  });

  it("finds that a node tells ends twice", async () => {
    const { problems } = await campaign().play({ ...EPISODE, spoilNode: stammer });
    assert.match(problems.join("\n"), /a node: told the end of \w+ \(sent\) on 2 outputs/);
    assert.match(problems.join("\n"), /toldAgain/);
  });
});
