import type { FoundRate } from '../../engine/protocol.js';
import { decadeName, rateScale, shortRate } from './rate-scale.js';

const WIDTH = 760;
const HEIGHT = 440;
const PLOT = { left: 64, right: 20, top: 44, bottom: 52 };
const LOSS_LINES = 5;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The curve of a range test as an SVG: raw and smoothed losses over the logarithm of the rate, with what was found. */
export function rateSvg(found: FoundRate, title: string): string {
  const { points, steepest, suggested } = found;
  const scale = rateScale(found);
  const right = WIDTH - PLOT.right;
  const bottom = HEIGHT - PLOT.bottom;
  const x = (rate: number) => (PLOT.left + Math.min(1, Math.max(0, scale.x(rate))) * (right - PLOT.left)).toFixed(1);
  const y = (loss: number) => (bottom - scale.y(loss) * (bottom - PLOT.top)).toFixed(1);
  const curve = (of: (point: FoundRate['points'][number]) => number) =>
    points.map((point) => `${x(point.learningRate)},${y(of(point))}`).join(' ');
  const losses = Array.from(
    { length: LOSS_LINES },
    (_, i) => scale.low + (i / (LOSS_LINES - 1)) * (scale.high - scale.low),
  );
  const mark = (rate: number | null, name: string, colour: string, anchor: 'start' | 'end') =>
    rate === null
      ? []
      : [
          `<line x1="${x(rate)}" y1="${PLOT.top}" x2="${x(rate)}" y2="${bottom}" stroke="${colour}" stroke-dasharray="4 3"/>`,
          `<text x="${Number(x(rate)) + (anchor === 'end' ? -5 : 5)}" y="${PLOT.top + 14}" text-anchor="${anchor}" fill="${colour}">${name} ${shortRate(rate)}</text>`,
        ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${PLOT.left}" y="24" font-size="14" fill="#222222">${escaped(title)}</text>`,
    ...losses.flatMap((loss) => [
      `<line x1="${PLOT.left}" y1="${y(loss)}" x2="${right}" y2="${y(loss)}" stroke="#e4e4e4"/>`,
      `<text x="${PLOT.left - 8}" y="${Number(y(loss)) + 4}" text-anchor="end" fill="#555555">${loss.toPrecision(3)}</text>`,
    ]),
    ...scale.decades.flatMap((decade) => [
      `<line x1="${x(decade)}" y1="${PLOT.top}" x2="${x(decade)}" y2="${bottom}" stroke="#e4e4e4"/>`,
      `<text x="${x(decade)}" y="${bottom + 18}" text-anchor="middle" fill="#555555">${decadeName(decade)}</text>`,
    ]),
    `<text x="${(PLOT.left + right) / 2}" y="${HEIGHT - 12}" text-anchor="middle" fill="#222222">learning rate</text>`,
    `<text x="16" y="${(PLOT.top + bottom) / 2}" text-anchor="middle" fill="#222222" transform="rotate(-90 16 ${(PLOT.top + bottom) / 2})">loss</text>`,
    `<polyline points="${curve(({ loss }) => loss)}" fill="none" stroke="#b9c7d8" stroke-width="1"/>`,
    `<polyline points="${curve(({ smoothed }) => smoothed)}" fill="none" stroke="#1f5fa8" stroke-width="2"/>`,
    ...mark(suggested, 'suggested', '#1b7f3b', 'end'),
    ...mark(steepest, 'steepest', '#b3541e', 'start'),
    '</svg>',
    '',
  ].join('\n');
}
