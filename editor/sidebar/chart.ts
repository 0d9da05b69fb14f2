/** The signal of the last two hours, or as long as there are data, as a small chart: SVG, colours of the theme, a sentence for who cannot see it. */
import type { SignalSample } from "../../nodes/runtime/sidebar/signal-samples";
import { duration, text } from "./dom";
import { isSeen, runsOf, type SeenSample } from "./signal-runs";

const NAMESPACE = "http://www.w3.org/2000/svg";
const WIDTH = 300;
const HEIGHT = 96;
/** Room for the figures at the left and below. */
const LEFT = 30;
const BOTTOM = 14;
const TOP = 6;
const LONGEST_MS = 2 * 3600_000;
/** A few samples are not drawn over the whole width. */
const SHORTEST_MS = 10 * 60_000;
/** dBm; the range of AT+CSQ. */
const STRONGEST = -51;
const WEAKEST = -113;
/** Lower ends of what is good and fair; below, mails may fail. */
const GOOD = -85;
const FAIR = -97;
const BANDS = [
  ["good", STRONGEST, GOOD],
  ["fair", GOOD, FAIR],
  ["weak", FAIR, WEAKEST],
] as const;
const GRID = [-60, GOOD, FAIR] as const;

type Attributes = Readonly<Record<string, string | number>>;

/** @param samples oldest first. */
export function chart(samples: readonly SignalSample[]): SVGElement {
  const seen = samples.filter(isSeen).map(({ rssiDbm }) => rssiDbm);
  const spanMs = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, samples[0]?.ageMs ?? LONGEST_MS));
  const time = duration(spanMs);
  const sentence =
    seen.length === 0
      ? text("chart.empty")
      : text("chart.summary", {
          time,
          now: seen.at(-1),
          lowest: Math.min(...seen),
          highest: Math.max(...seen),
        });
  return svg(
    "svg",
    { class: "quectel-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": sentence },
    ...BANDS.flatMap(([name, from, to]) => [
      svg("rect", {
        class: `quectel-band quectel-band-${name}`,
        x: LEFT,
        width: WIDTH - LEFT - 4,
        y: y(from),
        height: y(to) - y(from),
      }),
      label(text(`chart.${name}`), { x: WIDTH - 7, y: y(to) - 3, "text-anchor": "end" }),
    ]),
    ...GRID.map((dbm) =>
      svg("line", { class: "quectel-grid", x1: LEFT, x2: WIDTH - 4, y1: y(dbm), y2: y(dbm) }),
    ),
    ...GRID.map((dbm) => label(String(dbm), { x: LEFT - 4, y: y(dbm) + 3, "text-anchor": "end" })),
    label(text("chart.start", { time }), { x: LEFT, y: HEIGHT - 3 }),
    label(text("chart.end"), { x: WIDTH - 4, y: HEIGHT - 3, "text-anchor": "end" }),
    ...(seen.length === 0
      ? [label(text("chart.empty"), { x: (LEFT + WIDTH) / 2, y: HEIGHT / 2, "text-anchor": "middle" })]
      : runsOf(samples).map((run) => line(run, spanMs))),
  );
}

function svg(tag: string, attributes: Attributes, ...children: readonly (Node | string)[]): SVGElement {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

function label(content: string, attributes: Attributes): SVGElement {
  return svg("text", { class: "quectel-chart-label", ...attributes }, content);
}

function x(ageMs: number, spanMs: number): number {
  return LEFT + (WIDTH - LEFT - 4) * (1 - Math.min(1, ageMs / spanMs));
}

function y(dbm: number): number {
  const bounded = Math.min(STRONGEST, Math.max(WEAKEST, dbm));
  return TOP + ((HEIGHT - TOP - BOTTOM) * (STRONGEST - bounded)) / (STRONGEST - WEAKEST);
}

/** A single sample is a point. */
function line(run: readonly SeenSample[], spanMs: number): SVGElement {
  const [first] = run;
  if (run.length === 1 && first !== undefined) {
    const { ageMs, rssiDbm } = first;
    return svg("circle", { class: "quectel-signal-point", cx: x(ageMs, spanMs), cy: y(rssiDbm), r: 2 });
  }
  const points = run.map(({ ageMs, rssiDbm }) => `${x(ageMs, spanMs).toFixed(1)},${y(rssiDbm).toFixed(1)}`);
  return svg("polyline", { class: "quectel-signal", points: points.join(" ") });
}
