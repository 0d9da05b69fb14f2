/**
 * What the parts of the sidebar tab share: elements without any HTML from outside, texts, times, requests.
 *
 * Every text becomes a text node, so what a message or a mail server wrote is shown and never interpreted.
 */
(function () {
  const CATALOG = "@modem-mail/node-red-quectel-smtp/quectel-modem-sidebar:";
  const ROOT = "quectel-modem/modems";

  function text(key, values) {
    return RED._(CATALOG + key, values);
  }

  /** A status as the nodes show it: a word of the catalog, or figures with a word that the runtime has translated. */
  function statusText(status) {
    return /^[a-z]/i.test(status) ? RED._(CATALOG + status, { defaultValue: status }) : status;
  }

  /** An element; attributes that are undefined or false are left out, `on…` are listeners. */
  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined || value === false) continue;
      if (typeof value === "function") made.addEventListener(name.slice(2), value);
      else made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.flat().filter((child) => child !== undefined && child !== ""));
    return made;
  }

  /**
   * A button with an icon and a text. `key` names it among all others, so that it keeps the focus when the tab is drawn
   * anew; without the right to act it is off and says why.
   */
  function button({ key, icon, label, write, disabled, describedBy, onclick }) {
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
  function duration(ms) {
    const seconds = Math.max(0, Math.round(ms / 1000));
    if (seconds < 90) return text("duration.seconds", { n: seconds });
    const minutes = Math.round(seconds / 60);
    if (minutes < 120) return text("duration.minutes", { n: minutes });
    return text("duration.hours", { n: Math.round(minutes / 60) });
  }

  /** A wall-clock time of the gateway in the place and language of the person who looks; with the day if not today. */
  function time(iso) {
    const at = new Date(iso);
    const isToday = at.toDateString() === new Date().toDateString();
    const day = isToday ? {} : { year: "numeric", month: "2-digit", day: "2-digit" };
    return at.toLocaleString(RED.i18n.lang(), {
      ...day,
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
  }

  function size(bytes) {
    return bytes < 10_000
      ? text("size.bytes", { n: bytes })
      : text("size.kilobytes", { n: Math.round(bytes / 1000) });
  }

  /** Resolves with the answer; rejects with `{status, message, hint}`. */
  function request(path, body) {
    return new Promise((resolve, reject) => {
      $.ajax({
        url: path === "" ? ROOT : `${ROOT}/${path}`,
        dataType: "json",
        cache: false,
        ...(body === undefined
          ? {}
          : { method: "POST", contentType: "application/json", data: JSON.stringify(body) }),
      })
        .done(resolve)
        .fail(({ status, responseJSON = {} }) => reject({ status, ...responseJSON }));
    });
  }

  /** What a person is told of a request that failed. */
  function complaint(error) {
    if (error.status === 401 || error.status === 403) return text("problem.denied");
    if (error.code === undefined) return text("problem.noAnswer");
    const { message, hint } = window.quectelHints.explain(error);
    return [message, hint].filter((part) => part).join(". ");
  }

  window.quectelSidebar = { text, statusText, element, button, duration, time, size, request, complaint };
})();
