/**
 * What the dialogs of this package share: validators that say what is wrong, rows that appear only where they apply,
 * and look-ups that ask the runtime.
 *
 * Loaded by the editor before the definitions of the nodes. It keeps nothing and saves nothing.
 */
(function () {
  const CATALOG = "@modem-mail/node-red-quectel-smtp/quectel-modem:";

  /** A text of the modem's catalog, which holds what all dialogs share. */
  function text(key, values) {
    return RED._(CATALOG + key, values);
  }

  /** `Port: a whole number from 1 to 65535`, as the editor shows it at the field. */
  function complaint(field, key, values) {
    return `${text(`label.${field}`)}: ${text(`invalid.${key}`, values)}`;
  }

  function isEmpty(value) {
    return value === undefined || value === null || String(value).trim() === "";
  }

  /** True for a value that holds `${ENV}`, which only the runtime can check. */
  function isVariable(value) {
    return /\$\{[^}]+\}/.test(String(value));
  }

  /** The value of another property of the same node: what stands in its open dialog, else what is saved. */
  function current(node, name) {
    const input = $(`#node-${node._def.category === "config" ? "config-" : ""}input-${name}`);
    if (input.length === 0) return node[name];
    return input.is(":checkbox") ? input.prop("checked") : input.val();
  }

  /** Validator: a whole number; empty only where `optional`. */
  function integer(field, min, max, optional) {
    return function (value, _options) {
      // A property that is missing altogether has its default.
      if (value === undefined) return true;
      if (isEmpty(value)) return optional === true || complaint(field, "missing");
      if (isVariable(value)) return true;
      const number = Number(value);
      const fits = Number.isInteger(number) && number >= min && number <= max;
      return fits || complaint(field, "integer", { min, max });
    };
  }

  /** Validator: something is filled in. With `hasDefault` the property may be missing altogether. */
  function filled(field, hasDefault) {
    return function (value, _options) {
      if (value === undefined && hasDefault === true) return true;
      return !isEmpty(value) || complaint(field, "missing");
    };
  }

  /** Validator: an e-mail address in its usual form. The runtime checks it fully. */
  function address(field) {
    return function (value, _options) {
      if (isEmpty(value)) return complaint(field, "missing");
      return (
        isVariable(value) || /^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(value.trim()) || complaint(field, "address")
      );
    };
  }

  /** Validator that holds only while another property has one of the `values`. */
  function onlyIf(name, values, validator) {
    return function (value, options) {
      return values.includes(String(current(this, name))) ? validator.call(this, value, options) : true;
    };
  }

  /** Validator: the text of a certificate. */
  function certificate(field) {
    return function (value, _options) {
      const isPem = String(value).includes("-----BEGIN CERTIFICATE-----");
      return isPem || isVariable(value) || complaint(field, "certificate");
    };
  }

  /** Validator: a config node is chosen. */
  function chosen(value, _options) {
    return (!isEmpty(value) && value !== "_ADD_") || complaint("modem", "modem");
  }

  /** Validator of a TypedInput whose type stands in the property `typeName`; own types hold plain words. */
  function typed(typeName) {
    return function (value, options) {
      const input = $(`#node-input-${typeName}`);
      const type = input.length === 0 ? this[typeName] : input.val();
      if (value === undefined) return true;
      if (["path", "action"].includes(type)) return !isEmpty(value) || text("invalid.missing");
      // An empty fixed text says that the mail has none, whatever the message holds.
      return (type === "str" && isEmpty(value)) || RED.utils.validateTypedProperty(value, type, options);
    };
  }

  /**
   * Shows the rows below `root` whose `data-when` holds and hides the others: `transport=tcp`, several values
   * separated by `|`, several conditions by blanks. Repeats it whenever an input changes.
   */
  function showWhatApplies(root, valueOf) {
    const apply = function () {
      root.find("[data-when]").each(function () {
        const holds = $(this)
          .attr("data-when")
          .split(" ")
          .every((condition) => {
            const [name, values] = condition.split("=");
            return values.split("|").includes(String(valueOf(name)));
          });
        $(this).toggle(holds);
      });
    };
    root.on("change", "select, input", apply);
    apply();
  }

  /** Adds the saved value to a select that does not offer it, such as `${ENV}`, so that saving does not lose it. */
  function keepValue(select, value) {
    if (isEmpty(value)) return;
    const known = select.find("option").toArray();
    if (!known.some((option) => option.value === String(value))) {
      $("<option>").val(value).text(value).appendTo(select);
    }
    select.val(String(value));
  }

  /** Fills a property that the flow does not have, as one made by hand or by an older version, with its default. */
  function fillDefaults(node) {
    const prefix = node._def.category === "config" ? "node-config-input" : "node-input";
    for (const [name, { value }] of Object.entries(node._def.defaults)) {
      if (node[name] !== undefined) continue;
      const input = $(`#${prefix}-${name}`);
      if (input.is(":checkbox")) input.prop("checked", value);
      else input.val(value);
    }
  }

  /** To be called first in every dialog: no field loses what is saved, and none stays empty that has a default. */
  function begin(node) {
    fillDefaults(node);
    for (const select of $(".quectel-dialog select").toArray()) {
      const [, name] = /^node-(?:config-)?input-(\w+)$/.exec(select.id) ?? [];
      if (name !== undefined) keepValue($(select), node[name]);
    }
  }

  /**
   * An address that is typed where the name of a property is expected is meant as an address: the field becomes a fixed
   * text. No property name holds an `@`.
   */
  function takeAddresses(names) {
    for (const name of names) {
      const input = $(`#node-input-${name}`);
      input.on("change", () => {
        if (input.typedInput("type") === "msg" && String(input.typedInput("value")).includes("@")) {
          input.typedInput("type", "str");
        }
      });
    }
  }

  /** Makes the palette's filter find a node by more words than its label. */
  function findBy(type, words) {
    const entry = $(`.red-ui-palette-node[data-palette-type="${type}"]`);
    entry.attr("data-palette-label", `${entry.attr("data-palette-label")} ${words}`);
  }

  /** Makes the field `action` a choice among `actions`, or a property of the message. */
  function chooseAction(node, actions) {
    begin(node);
    $("#node-input-action").typedInput({
      default: "action",
      types: [
        {
          value: "action",
          label: node._("type.action"),
          icon: "fa fa-bolt",
          options: actions.map((action) => ({ value: action, label: node._(`action.${action}`) })),
        },
        "msg",
      ],
      typeField: "#node-input-actionType",
    });
  }

  /**
   * Calls the runtime; resolves with its answer. Rejects with an Error whose message is a sentence for a person, and
   * whose `answer` is what the runtime said, `{code, message, hint, hintKey?, property?}`, where it said anything.
   */
  function call(method, path, body) {
    return new Promise((resolve, reject) => {
      $.ajax({
        url: `quectel-modem/${path}`,
        type: method,
        dataType: "json",
        ...(body === undefined ? {} : { data: JSON.stringify(body), contentType: "application/json" }),
      })
        .done(resolve)
        .fail((request) => {
          const sentence = text(request.status === 401 ? "lookUp.denied" : "lookUp.failed");
          const answer = request.responseJSON?.code === undefined ? undefined : request.responseJSON;
          const message = answer === undefined ? sentence : window.quectelHints.explain(answer).message;
          reject(Object.assign(new Error(message), { answer }));
        });
    });
  }

  /** Asks the runtime for a list. */
  function ask(path) {
    return call("GET", path);
  }

  /** A text of the catalog, or `fallback` where this language has none. */
  function translated(key, fallback) {
    const found = text(key);
    return found.endsWith(key) ? fallback : found;
  }

  /**
   * Makes `button` offer what `find` resolves with, `[{value, label}]`, in a menu below `input`.
   *
   * The menu shows a sentence where there is nothing to choose; the input stays free to type in.
   */
  function offer(button, input, find, nothing) {
    button.on("click", async function (event) {
      event.preventDefault();
      button.prop("disabled", true).find("i").attr("class", "fa fa-spinner fa-spin");
      const options = await find().then(
        (found) => (found.length === 0 ? [{ label: nothing }] : found),
        (error) => [{ label: error.message }],
      );
      button.prop("disabled", false).find("i").attr("class", "fa fa-search");
      RED.popover
        .menu({
          tabSelect: true,
          width: Math.max(300, input.outerWidth()),
          maxHeight: 240,
          class: "red-ui-autoComplete-container",
          options,
          onselect: (option) => {
            if (option.value !== undefined) input.val(option.value).trigger("change");
            input.trigger("focus");
          },
          onclose: () => input.trigger("focus"),
        })
        .show({ target: input });
    });
  }

  window.quectelMail = {
    text,
    current,
    integer,
    filled,
    address,
    certificate,
    onlyIf,
    chosen,
    typed,
    showWhatApplies,
    begin,
    takeAddresses,
    findBy,
    chooseAction,
    ask,
    call,
    translated,
    offer,
  };
})();
