/**
 * Mails whose modem was deleted or disabled, with the actions for them. They stand above those of the modem that is shown,
 * because nothing sends them.
 */
import type { LeftRow, LeftView } from "../../nodes/runtime/sidebar/left-mails";
import { button, element, text, time } from "./dom";

export interface LeftActs {
  /** The modem that is shown sends them. */
  readonly adopt: (modem: string) => void;
  readonly discard: (modem: string) => void;
}

/** @param into name of the modem that is shown; undefined where none is there to send them. */
export function leftOf(left: readonly LeftView[], into: string | undefined, acts: LeftActs): HTMLElement[] {
  return left.map((one) => {
    const { modem, waiting, failed, rows } = one;
    const heading = `quectel-heading-left-${modem}`;
    const node = RED.nodes.node(modem);
    const name = node === undefined ? modem : RED.utils.getNodeLabel(node, modem);
    const hidden = waiting + failed - rows.length;
    return element(
      "section",
      { class: "quectel-section quectel-left", "aria-labelledby": heading, "data-modem": modem },
      element("h4", { id: heading }, text("left.title", { name, waiting, failed })),
      element("p", {}, text(node === undefined ? "left.deleted" : "left.disabled")),
      element("ul", {}, rows.map(row)),
      hidden > 0 ? element("p", { class: "quectel-none" }, text("queue.more", { n: hidden })) : undefined,
      element(
        "div",
        { class: "quectel-buttons" },
        into === undefined
          ? undefined
          : button({
              key: `adopt-${modem}`,
              icon: "fa-share",
              label: text("left.adopt", { name: into }),
              write: true,
              describedBy: heading,
              onclick: () => acts.adopt(modem),
            }),
        button({
          key: `discardLeft-${modem}`,
          icon: "fa-trash-o",
          label: text("left.discard"),
          write: true,
          describedBy: heading,
          onclick: () => acts.discard(modem),
        }),
      ),
    );
  });
}

function row({ subject, state, raisedAt, recipients }: LeftRow): HTMLElement {
  return element(
    "li",
    { class: `quectel-mail quectel-mail-${state}` },
    element("div", { class: "quectel-subject" }, subject === "" ? text("mail.noSubject") : subject),
    element(
      "div",
      { class: "quectel-details" },
      [text(`mail.${state}`), time(raisedAt), recipients.join(", ")].filter((part) => part).join(" · "),
    ),
  );
}
