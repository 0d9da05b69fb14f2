/**
 * Draws the tab anew without disturbing whoever reads or presses: what looks the same stays, and so does the focus.
 */
(function () {
  /** The button that comes in the place of another, and takes its focus. */
  const OPPOSITE = { pause: "resume", resume: "pause", startTrace: "stopTrace", stopTrace: "startTrace" };

  /** Puts those parts into `body` that look other than before; the others keep focus and selection, and what is left over goes. */
  function show(body, parts) {
    const before = [...body.children];
    parts.forEach((part, index) => {
      if (before[index] === undefined) body.append(part);
      else if (!before[index].isEqualNode(part)) before[index].replaceWith(part);
    });
    for (const left of before.slice(parts.length)) left.remove();
  }

  /** The button in `root` that has the focus keeps it, or its opposite takes it. */
  function keepingFocus(root, draw) {
    const focused = root.contains(document.activeElement) ? document.activeElement : undefined;
    draw();
    const key = focused?.dataset.key;
    if (key === undefined || root.contains(focused)) return;
    const find = (wanted) =>
      [...root.querySelectorAll("[data-key]")].find((one) => one.dataset.key === wanted);
    (find(key) ?? find(OPPOSITE[key]))?.focus();
  }

  /**
   * A function that draws, at once or when nothing in `root` is pressed any more: a button that is drawn anew between
   * press and release would not be clicked.
   */
  function undisturbed(root, draw) {
    let isPressed = false;
    const redraw = () => {
      if (!isPressed) keepingFocus(root, draw);
    };
    const release = () => {
      if (!isPressed) return;
      isPressed = false;
      setTimeout(redraw, 0);
    };
    root.addEventListener("pointerdown", () => void (isPressed = true));
    window.addEventListener("pointerup", release);
    // As when a finger begins to scroll.
    window.addEventListener("pointercancel", release);
    return redraw;
  }

  window.quectelSidebarRedraw = { show, undisturbed };
})();
