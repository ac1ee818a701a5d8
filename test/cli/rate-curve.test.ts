import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { adviceLines } from '../../cli/render/rate-advice.js';
import { rateChart } from '../../cli/render/rate-chart.js';
import { RateReporter } from '../../cli/render/rate-progress.js';
import { rateScale, shortRate } from '../../cli/render/rate-scale.js';
import { rateSvg } from '../../cli/render/rate-svg.js';
import type { FoundRate } from '../../engine/protocol.js';
import { tinyJob } from '../support/tiny-run.js';

/** Falls from 3 to 1 around 1e-4, and explodes beyond 1e-2. */
const points = Array.from({ length: 71 }, (_, i) => {
  const learningRate = 10 ** (-7 + i / 10);
  const loss = 1 + 2 / (1 + learningRate / 1e-4) + (learningRate > 1e-2 ? 1000 * learningRate : 0);
  return { learningRate, loss, smoothed: loss };
});
const found: FoundRate = {
  ...{ points, steepest: 1e-4, lowest: 1e-2, suggested: 1e-3, stillFalling: false, ended: 'diverged' },
};
const plain = (lines: readonly string[]) => lines.map((line) => stripVTControlCharacters(line));

test('the chart is at most 20 lines, falls in the middle, and marks what was found', () => {
  const lines = plain(rateChart(found, 80));
  expect(lines.length).toBeLessThanOrEqual(20);
  for (const line of lines) expect(line.length).toBeLessThan(80);
  const rowOf = (column: number) => lines.findIndex((line) => line[column] === '●');
  const column = (rate: number) => 9 + Math.round(rateScale(found).x(rate) * (80 - 1 - 9 - 3 - 1));
  expect(rowOf(column(1e-7))).toBeLessThan(rowOf(column(1e-4)));
  expect(rowOf(column(1e-4))).toBeLessThan(rowOf(column(1e-2)));
  expect(rowOf(column(1))).toBe(0); // cut off at the top
  const below = (what: string) => lines.find((line) => line.includes(what))!.indexOf('↑');
  expect(below('suggested')).toBe(column(1e-3));
  expect(below('steepest')).toBe(column(1e-4));
  expect(plain(rateChart({ ...found, suggested: 1, steepest: null }, 80)).at(-1)).toMatch(/ suggested ↑$/);
  expect(lines.find((line) => line.includes('1e-7'))!.indexOf('1e-7')).toBe(column(1e-7));
});

test('the explosion does not flatten the curve', () => {
  const { y } = rateScale(found);
  expect(y(3) - y(1)).toBeGreaterThan(0.5);
  expect(y(1e6)).toBe(1);
});

test('the SVG holds both curves, the decades and both marks, and escapes the title', () => {
  const svg = rateSvg(found, 'a <b> & "c"');
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  expect(svg).toContain('a &lt;b&gt; &amp; &quot;c&quot;');
  expect(svg.match(/<polyline/g)).toHaveLength(2);
  for (const name of ['1e-7', '1e-4', '1e0', 'suggested 0.001', 'steepest 1e-4']) expect(svg).toContain(`${name}<`);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
  expect(rateSvg({ ...found, steepest: null, suggested: null }, 't')).not.toContain('dasharray');
});

test.each([1, 2])('a curve of %i equal losses can be drawn', (count) => {
  const flat = { ...found, points: Array.from({ length: count }, (_, i) => ({ ...points[i]!, loss: 2, smoothed: 2 })) };
  expect(rateSvg(flat, 't')).not.toMatch(/NaN|Infinity/);
  expect(rateChart(flat, 80).join('\n')).not.toMatch(/NaN|Infinity/);
});

test('the advice is what one writes into the job', () => {
  const job = tinyJob();
  expect(plain(adviceLines(found, job))).toEqual([
    'The loss exploded at 1, where the test stopped.',
    'The loss falls fastest at 1e-4 and is lowest at 0.01.',
    'Suggestion: learningRate: 0.001 (a tenth of the lowest; the job has 0.001)',
  ]);
  const none = { ...found, steepest: null, lowest: null, suggested: null };
  expect(adviceLines({ ...none, ended: 'range' }, job).join()).toMatch(/does not fall at any rate.*--steps/);
  expect(adviceLines({ ...none, ended: 'diverged' }, job).join()).toMatch(/begin lower \(--from\)/);
  expect(adviceLines({ ...none, ended: 'diverged', points: [] }, job).join()).toMatch(/first step already/);
  expect(adviceLines({ ...found, ended: 'range', stillFalling: true }, job).join()).toMatch(/a larger --to/);
  expect([1.3e-4, 0.02, 1e-3, 2.345e-7, 10].map(shortRate)).toEqual(['1.3e-4', '0.02', '0.001', '2.3e-7', '10']);
});

test('progress is a bar on a terminal, and a line each ten seconds in a pipe', () => {
  const progress = (done: number) => ({ stage: 'training' as const, done, total: 100, loss: 2, learningRate: 1e-5 });
  const written = (isTTY: boolean) => {
    let text = '';
    const reporter = new RateReporter({ isTTY, write: (part: string) => (text += part) });
    for (let second = 0; second <= 25; second++) reporter.show(progress(second), second * 1000);
    reporter.close();
    return stripVTControlCharacters(text);
  };
  expect(written(false).trim().split('\n')).toEqual(
    [0, 10, 20].map((done) => `step ${done} of 100, learning rate 1.00e-5, loss 2.0000`),
  );
  expect(written(true).split('\r')).toHaveLength(26 + 2);
});
