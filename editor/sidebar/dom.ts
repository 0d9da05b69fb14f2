/**
 * Elements of the sidebar's tab, and its texts and figures.
 *
 * Every text becomes a text node, so what a message or a mail server wrote is shown and never interpreted.
 */

const CATALOG = "@modem-mail/node-red-quectel-smtp/quectel-modem-sidebar:";

export function text(key: string, values?: object): string {
  return RED._(CATALOG + key, values);
}

export type Child = Node | string | undefined;
type Attribute = string | boolean | undefined | ((event: Event) => void);

/** An element; attributes that are undefined or false are left out, `on…` are listeners. */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) if (child !== undefined && child !== "") made.append(child);
  return made;
}

export interface ButtonOptions {
  /** Names it among all others, so that it keeps the focus when the tab is drawn anew. */
  readonly key: string;
  readonly icon: string;
  readonly label: string;
  /** Off, and says why, without the right to act. */
  readonly write?: boolean;
  readonly disabled?: boolean;
  /** Id of the element that says what it is about. */
  readonly describedBy?: string;
  readonly onclick: (event: Event) => void;
}

export function button(options: ButtonOptions): HTMLButtonElement {
  const { key, icon, label, write, disabled, describedBy, onclick } = options;
  const isForbidden = write === true && !RED.user.hasPermission("quectel-modem.write");
  return element(
    "button",
    {
      type: "button",
      class: "red-ui-button red-ui-button-small",
      "data-key": key,
      disabled: isForbidden || disabled === true,
      title: isForbidden ? text("readOnly") : undefined,
      "aria-describedby": describedBy,
      onclick,
    },
    element("i", { class: `fa ${icon}`, "aria-hidden": "true" }),
    " ",
    label,
  );
}

/** `4 min`, for so many milliseconds. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return text("duration.seconds", { n: seconds });
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return text("duration.minutes", { n: minutes });
  return text("duration.hours", { n: Math.round(minutes / 60) });
}

/** A wall-clock time of the gateway in the place and language of the person who looks; with the day if not today. */
export function time(iso: string): string {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  const day = isToday ? {} : ({ year: "numeric", month: "2-digit", day: "2-digit" } as const);
  return at.toLocaleString(RED.i18n.lang(), {
    ...day,
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}

export function size(bytes: number): string {
  return bytes < 10_000
    ? text("size.bytes", { n: bytes })
    : text("size.kilobytes", { n: Math.round(bytes / 1000) });
}
