import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { lineageOf } from '../../../activities/session/lineage-of.js';
import type { DatasetRef, Fingerprint, ModelRef, RunContext, StoredFile } from '../../../workflows/contract.js';
import { jobOf } from '../../data/job-of.js';

const [dataset, fingerprint] = [{ digest: 'd' } as DatasetRef, { digest: 'f' } as Fingerprint];
const lineage = (data: object, synonyms?: string) =>
  lineageOf(
    {
      job: jobOf(data),
      model: { digest: 'm' } as ModelRef,
      ...(synonyms !== undefined && { synonyms: { sha256: synonyms } as StoredFile }),
    } as RunContext,
    dataset,
    fingerprint,
  );

test('a lineage names augmentation, balance and the words of the table, and not where the table lies', () => {
  const withTable = (table: string, p: number, sha256: string) =>
    lineage({ augment: { synonyms: { table, p } } }, sha256);
  const distinct = [
    lineage({}),
    lineage({ augment: { tokenDropout: {} } }),
    lineage({ augment: { tokenDropout: { p: 0.2 } } }),
    lineage({ balance: 'sampling' }),
    lineage({ balance: 'class-weights' }),
    withTable('a.csv', 0.1, 'one'),
    withTable('a.csv', 0.1, 'other'),
    withTable('a.csv', 0.2, 'one'),
  ];
  expect(new Set(distinct).size).toBe(distinct.length);
  expect(withTable('b.jsonl', 0.1, 'one')).toBe(withTable('a.csv', 0.1, 'one'));
});

test('of a job without these it is what it was before there were any', () => {
  const { task, train, ...job } = jobOf({});
  const { name: _, model: __, data: ___, checkpoint: ____, selectBest: _____, exactness: ______, ...rest } = job;
  expect(lineage({})).toHaveLength(64);
  const { threads: _______, ...learning } = { ...rest };
  const ordered = Object.fromEntries(
    Object.entries(jobOf({})).filter(([key]) => key in learning || key === 'task' || key === 'train'),
  );
  expect({ task, train }).toMatchObject({ task: ordered['task'] });
  const text = JSON.stringify([ordered, 'm', 'd', 'f']);
  expect(lineage({})).toBe(createHash('sha256').update(text).digest('hex'));
});
