/**
 * What the runtime says in English, in the language of the person who looks: errors and hints by their code, and
 * sentences that it hands out as they are, such as the remarks on mail servers.
 *
 * To be called when something is shown, not when the file is loaded: the catalogs arrive later. The texts are in the
 * catalog of quectel-modem, laid there by the build. What has no translation stays as it is.
 */
(function () {
  const CATALOG = "@modem-mail/node-red-quectel-smtp/quectel-modem";

  /** A sentence whose English form is its key. */
  function sentence(english) {
    return RED._(english, { ns: CATALOG, keySeparator: false, nsSeparator: false, defaultValue: english });
  }

  /** A text of the catalog; empty where it has none. */
  function text(key, language) {
    return RED._(`${CATALOG}:${key}`, {
      defaultValue: "",
      ...(language === undefined ? {} : { lng: language }),
    });
  }

  function hintOf({ code, hint, hintKey = code }) {
    // A hint that is not the one of its code says more than that one.
    const isOfKey = hint === undefined || hint === text(`hints.${hintKey}`, "en-US");
    return isOfKey ? text(`hints.${hintKey}`) || hint : hint;
  }

  /** A message is the text of its code, mostly followed by a detail, which stays as it is. */
  function messageOf({ code, message }) {
    const english = text(`errors.${code}`, "en-US");
    if (english === "") return message;
    if (message === undefined) return text(`errors.${code}`);
    return message.startsWith(english) ? text(`errors.${code}`) + message.slice(english.length) : message;
  }

  /**
   * What happened and what to do: `{message, hint}` for an error or a step of the diagnosis, given as
   * `{code?, message?, hint?, hintKey?}`. What is neither given nor known is empty or undefined.
   */
  function explain(error) {
    return { message: messageOf(error), hint: hintOf(error) };
  }

  window.quectelHints = { explain, sentence };
})();
