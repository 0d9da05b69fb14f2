/** Picture of shares: a bar for each whole, its parts side by side, as SVG that reads on light and dark pages. */
import type { Figure } from "./figure";
import { median } from "./statistics";

/** Colours that people who do not see red or green can tell apart, in the order of the parts. */
const COLOURS = ["#0072b2", "#e69f00", "#56b4e9", "#d55e00"] as const;

/** Pixels. */
const BAR = { left: 150, width: 520, height: 26, distance: 40, top: 20 } as const;
const LEGEND_STEP = 150;

/** @param figures those with a share are drawn. */
export function sharesPicture(figures: readonly Figure[]): string {
  const shares = figures.flatMap(({ share, samples }) =>
    share === undefined ? [] : [{ ...share, percent: median(samples) }],
  );
  const wholes = [...new Set(shares.map(({ whole }) => whole))];
  const parts = [...new Set(shares.map(({ part }) => part))];
  const bars = wholes.flatMap((whole, row) => {
    let x: number = BAR.left;
    const y = BAR.top + row * BAR.distance;
    const pieces = shares
      .filter((share) => share.whole === whole)
      .map(({ part, percent }) => {
        const width = (percent / 100) * BAR.width;
        const piece = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR.height}" fill="${colourOf(parts, part)}"><title>${part}: ${percent.toFixed(1)} %</title></rect>`;
        x += width;
        return piece;
      });
    return [`<text x="10" y="${y + 18}">${whole}</text>`, ...pieces];
  });
  const foot = BAR.top + wholes.length * BAR.distance;
  const legend = parts.flatMap((part, column) => {
    const x = 10 + column * LEGEND_STEP;
    return [
      `<rect x="${x}" y="${foot}" width="14" height="14" fill="${colourOf(parts, part)}"/>`,
      `<text x="${x + 20}" y="${foot + 12}">${part}</text>`,
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="690" height="${foot + 30}" font-family="sans-serif" font-size="13">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...bars,
    ...legend,
    "</svg>",
    "",
  ].join("\n");
}

function colourOf(parts: readonly string[], part: string): string {
  return COLOURS[parts.indexOf(part) % COLOURS.length] ?? COLOURS[0];
}
