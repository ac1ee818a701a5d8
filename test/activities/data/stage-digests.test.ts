import { expect, test } from 'vitest';
import type { DataPlan } from '../../../activities/data/plan.js';
import { surveyDigest } from '../../../activities/data/stage-digests.js';
import type { SourcePart } from '../../../data/prepare/parts.js';
import { jobSchema } from '../../../job/schema.js';

const MEBIBYTE = 2 ** 20;
const part = { index: 0, file: 0, from: 0, to: 100, firstLine: 1, sha256: 'a'.repeat(64) } as unknown as SourcePart;

function planOf(bytes: number, leakage?: 'on' | 'off'): DataPlan {
  const job = jobSchema.parse({
    name: 'rows',
    task: 'text-classification',
    model: 'minilm-l6',
    data: { source: 'rows.csv', ...(leakage && { leakage }) },
  });
  return { context: { job }, files: [{ format: 'csv', bytes }], parts: [part] } as unknown as DataPlan;
}

test('a source that grows is surveyed as it was, until it is too large to compare its rows', () => {
  const small = surveyDigest(planOf(200 * MEBIBYTE), part);
  expect(surveyDigest(planOf(256 * MEBIBYTE), part)).toBe(small);
  expect(surveyDigest(planOf(257 * MEBIBYTE), part)).not.toBe(small);
});

test('asked for or not wanted, the comparison does not depend on the size', () => {
  for (const leakage of ['on', 'off'] as const)
    expect(surveyDigest(planOf(MEBIBYTE, leakage), part)).toBe(surveyDigest(planOf(999 * MEBIBYTE, leakage), part));
});
