import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { featuresText } from '../../cli/render/features.js';
import { LineReporter } from '../../cli/render/lines.js';
import { renderScreen } from '../../cli/render/screen.js';
import { progressSchema } from '../../cli/runs/progress.js';
import type { FeaturesRef, FreezePlan } from '../../workflows/contract.js';
import { aLook, startedAtMs } from './a-run.js';

const plan = (reuse: boolean, because: string, frozenTensors = 100): FreezePlan => ({
  ...{ trainableTensors: 2, frozenTensors, trainableParameters: 10, frozenParameters: 1000 },
  ...{ digest: 'a'.repeat(64) as never, features: { reuse, because } },
});
const features = (rows: number, computedRows: number): FeaturesRef => ({
  manifest: { name: 'manifest.json', key: 'features/x' as never, sha256: 'b'.repeat(64) as never, bytes: 1 },
  ...{ digest: 'c'.repeat(64) as never, width: 384, rows, computedRows },
});
const kept = plan(true, 'the whole base is frozen');

test('what becomes of the features of a frozen base, in words', () => {
  expect(featuresText(plan(false, 'reuseFeatures is off'), null)).toBe('not kept: reuseFeatures is off');
  expect(featuresText(kept, null)).toBe('computed once and kept: the whole base is frozen');
  expect(featuresText(kept, features(12_600, 12_600))).toBe('kept: 384 numbers a row, computed for 12,600 rows');
  expect(featuresText(kept, features(12_600, 0))).toMatch(/12,600 rows were there, nothing was computed$/);
  expect(featuresText(kept, features(12_600, 600))).toMatch(/computed for 600 of 12,600 rows; the others were there$/);
});

test('nothing is said where nothing is frozen', () => {
  expect(featuresText(plan(false, 'a part of the base trains', 0), null)).toBeNull();
  expect(featuresText(null, null)).toBeNull();
});

const computing = (done: number) =>
  aLook(
    0,
    { stage: 'computeFeatures', plan: kept },
    {
      progress: {
        ...{ stage: 'computing-features' as const, position: { step: 0, epoch: 0, cursor: 0 } },
        ...{ loss: null, learningRate: null, examplesPerSecond: null, rows: { done, total: 12_600 } },
      },
    },
  );

test('while they are computed, the screen has a bar of rows and the heading counts them', () => {
  const lines = renderScreen(computing(6_300), startedAtMs + 1000, 100).map((line) => stripVTControlCharacters(line));
  expect(lines[0]).toContain('computing what the frozen base makes of the data: 6,300 of 12,600 rows');
  expect(lines).toContain(`  rows       ${'━'.repeat(20)}${'─'.repeat(20)}  6,300 of 12,600`);
  expect(progressSchema.safeParse(computing(1).progress).success).toBe(true);
});

test('in a pipe a line tells of them each ten seconds', () => {
  const reporter = new LineReporter();
  const said = Array.from({ length: 25 }, (_, second) => reporter.lines(computing(second * 100), second * 1000)).flat();
  expect(said).toEqual([
    'stage: computing what the frozen base makes of the data',
    'features: computed once and kept: the whole base is frozen',
    'features: 0 of 12,600 rows',
    'features: 1,000 of 12,600 rows',
    'features: 2,000 of 12,600 rows',
  ]);
});
