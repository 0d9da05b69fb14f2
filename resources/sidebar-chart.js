/** The signal of the last two hours as a small chart: SVG, colours of the theme, a sentence for who cannot see it. */
(function () {
  const NAMESPACE = "http://www.w3.org/2000/svg";
  const WIDTH = 300;
  const HEIGHT = 96;
  /** Room for the figures at the left and below. */
  const LEFT = 30;
  const BOTTOM = 14;
  const TOP = 6;
  const SPAN_MS = 2 * 3600_000;
  /** Samples come each minute; where more are missing the line is broken. */
  const GAP_MS = 150_000;
  /** dBm; the range of AT+CSQ. */
  const STRONGEST = -51;
  const WEAKEST = -113;
  const GRID = [-60, -80, -100];

  function svg(tag, attributes, ...children) {
    const made = document.createElementNS(NAMESPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  }

  const x = (ageMs) => LEFT + (WIDTH - LEFT - 4) * (1 - Math.min(1, ageMs / SPAN_MS));
  const y = (dbm) => {
    const bounded = Math.min(STRONGEST, Math.max(WEAKEST, dbm));
    return TOP + ((HEIGHT - TOP - BOTTOM) * (STRONGEST - bounded)) / (STRONGEST - WEAKEST);
  };

  /** Runs of samples without a gap. */
  function runsOf(samples) {
    const runs = [];
    let before;
    for (const sample of samples) {
      if (sample.rssiDbm !== undefined) {
        const goesOn = before?.rssiDbm !== undefined && before.ageMs - sample.ageMs <= GAP_MS;
        if (goesOn) runs.at(-1).push(sample);
        else runs.push([sample]);
      }
      before = sample;
    }
    return runs;
  }

  function line(run) {
    const points = run.map(({ ageMs, rssiDbm }) => `${x(ageMs).toFixed(1)},${y(rssiDbm).toFixed(1)}`);
    if (points.length > 1) return svg("polyline", { class: "quectel-signal", points: points.join(" ") });
    const [{ ageMs, rssiDbm }] = run;
    return svg("circle", { class: "quectel-signal-point", cx: x(ageMs), cy: y(rssiDbm), r: 2 });
  }

  /** @param samples `{ageMs, rssiDbm?}`, oldest first. */
  function chart(samples) {
    const { text } = window.quectelSidebar;
    const seen = samples.flatMap(({ rssiDbm }) => (rssiDbm === undefined ? [] : [rssiDbm]));
    const sentence =
      seen.length === 0
        ? text("chart.empty")
        : text("chart.summary", { now: seen.at(-1), lowest: Math.min(...seen), highest: Math.max(...seen) });
    const label = (content, attributes) =>
      svg("text", { class: "quectel-chart-label", ...attributes }, content);
    return svg(
      "svg",
      { class: "quectel-chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": sentence },
      ...GRID.map((dbm) =>
        svg("line", { class: "quectel-grid", x1: LEFT, x2: WIDTH - 4, y1: y(dbm), y2: y(dbm) }),
      ),
      ...GRID.map((dbm) => label(String(dbm), { x: LEFT - 4, y: y(dbm) + 3, "text-anchor": "end" })),
      label(text("chart.start"), { x: LEFT, y: HEIGHT - 3 }),
      label(text("chart.end"), { x: WIDTH - 4, y: HEIGHT - 3, "text-anchor": "end" }),
      ...(seen.length === 0
        ? [label(text("chart.empty"), { x: (LEFT + WIDTH) / 2, y: HEIGHT / 2, "text-anchor": "middle" })]
        : runsOf(samples).map(line)),
    );
  }

  window.quectelSidebarChart = { chart, runsOf };
})();
