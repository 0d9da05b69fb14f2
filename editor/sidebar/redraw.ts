/** Draws the tab anew without disturbing whoever reads or presses: what looks the same stays, and so does the focus. */

/** The button that comes in the place of another, and takes its focus. */
const OPPOSITE: ReadonlyMap<string, string> = new Map([
  ["pause", "resume"],
  ["resume", "pause"],
  ["startTrace", "stopTrace"],
  ["stopTrace", "startTrace"],
]);

/** Puts those parts into `body` that look other than before; the others keep focus and selection, and what is left over goes. */
export function show(body: HTMLElement, parts: readonly HTMLElement[]): void {
  const before = [...body.children];
  for (const [index, part] of parts.entries()) {
    const old = before[index];
    if (old === undefined) body.append(part);
    else if (!old.isEqualNode(part)) old.replaceWith(part);
  }
  for (const left of before.slice(parts.length)) left.remove();
}

/** The button in `root` that has the focus keeps it, or its opposite takes it. */
function keepingFocus(root: HTMLElement, draw: () => void): void {
  const focused = root.contains(document.activeElement) ? document.activeElement : null;
  draw();
  const key = focused instanceof HTMLElement ? focused.dataset["key"] : undefined;
  if (key === undefined || root.contains(focused)) return;
  const find = (wanted: string | undefined): HTMLElement | undefined =>
    [...root.querySelectorAll<HTMLElement>("[data-key]")].find(({ dataset }) => dataset["key"] === wanted);
  (find(key) ?? find(OPPOSITE.get(key)))?.focus();
}

/**
 * A function that draws, at once or when nothing in `root` is pressed any more: a button that is drawn anew between
 * press and release would not be clicked.
 */
export function undisturbed(root: HTMLElement, draw: () => void): () => void {
  let isPressed = false;
  const redraw = (): void => {
    if (!isPressed) keepingFocus(root, draw);
  };
  const release = (): void => {
    if (!isPressed) return;
    isPressed = false;
    setTimeout(redraw, 0);
  };
  root.addEventListener("pointerdown", () => {
    isPressed = true;
  });
  window.addEventListener("pointerup", release);
  // As when a finger begins to scroll.
  window.addEventListener("pointercancel", release);
  return redraw;
}
