import pc from 'picocolors';
import type { FoundRate } from '../../engine/protocol.js';
import { decadeName, rateScale } from './rate-scale.js';

const ROWS = 16;
const MOST_COLUMNS = 84;
const MARGIN = 9;
/** For the name of the last decade. */
const MARGIN_RIGHT = 3;

/** The losses of a range test by their rates, as text of at most 20 lines. `columns`: width of the terminal. */
export function rateChart(found: FoundRate, columns: number): string[] {
  const { points, steepest, suggested } = found;
  if (points.length < 2) return [];
  const width = Math.max(20, Math.min(MOST_COLUMNS, columns - 1) - MARGIN - MARGIN_RIGHT);
  const scale = rateScale(found);
  const column = (rate: number) => Math.round(Math.min(1, Math.max(0, scale.x(rate))) * (width - 1));
  const row = (loss: number) => Math.round((1 - scale.y(loss)) * (ROWS - 1));
  const cells = Array.from({ length: ROWS }, () => new Array<string>(width).fill(' '));
  const lineAt = (rate: number | null) => {
    if (rate !== null) for (const line of cells) line[column(rate)] = pc.dim('┊');
  };
  lineAt(steepest);
  lineAt(suggested);
  for (const { learningRate, loss } of points) cells[row(loss)]![column(learningRate)] = pc.dim('·');
  for (const { learningRate, smoothed } of points) cells[row(smoothed)]![column(learningRate)] = pc.cyan('●');

  const lossAt = (at: number) => scale.high - (at / (ROWS - 1)) * (scale.high - scale.low);
  const lines = cells.map((line, at) => {
    const label =
      at % 5 === 0
        ? lossAt(at)
            .toPrecision(4)
            .slice(0, MARGIN - 2)
        : '';
    return `${label.padStart(MARGIN - 2)} ${at % 5 === 0 ? '┤' : '│'}${line.join('')}`;
  });
  const axis = new Array<string>(width).fill('─');
  const names = new Array<string>(width + MARGIN_RIGHT).fill(' ');
  for (const decade of scale.decades) {
    axis[column(decade)] = '┴';
    const at = column(decade);
    if (names.slice(Math.max(0, at - 1), at + 4).every((cell) => cell === ' ')) {
      [...decadeName(decade)].forEach((letter, i) => (names[at + i] = letter));
    }
  }
  const mark = (rate: number | null, text: string): string[] => {
    if (rate === null) return [];
    const at = MARGIN + column(rate);
    const fits = column(rate) + 2 + text.length <= width;
    return [fits ? `${' '.repeat(at)}↑ ${text}` : `${`${text} `.padStart(at)}↑`];
  };
  const indent = ' '.repeat(MARGIN);
  return [
    ...lines,
    `${' '.repeat(MARGIN - 1)}└${axis.join('')}`,
    `${indent}${names.join('').trimEnd()}`,
    ...mark(suggested, 'suggested'),
    ...mark(steepest, 'steepest'),
  ].map((line) => line.trimEnd());
}
