/** Folds as a whole preparation gives them, not the splitters alone. */
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { TokensManifest } from '../../../data/manifest.js';
import { openTokenizer } from '../../../data/tokenize.js';
import { jsonl, prepared } from '../../support/prepared.js';
import { jobOf } from '../job-of.js';

const FOLDS = 5;
const given = Array.from({ length: 103 }, (_, i) => ({
  id: `r${i}`,
  text: `row ${i} of the source`,
  label: i % 3 === 0 ? 'a' : 'b',
  patient: `p${i % 17}`,
}));
const patientOf = new Map(given.map(({ id, patient }) => [id, patient]));
const sorted = (ids: Iterable<string>): string[] => [...ids].sort();
const everyId = sorted(patientOf.keys());

const tinyBert = fileURLToPath(new URL('../../fixtures/tiny-bert', import.meta.url));

async function foldsOf(split: object) {
  const tokenizer = await openTokenizer(tinyBert, 16);
  const folds = [];
  for (let fold = 0; fold < FOLDS; fold++) {
    const job = jobOf({ split: { folds: FOLDS, fold, ...split } });
    const small = { firstBytes: 1500, bytes: 1500, records: 1e9 };
    const { rows, manifest } = await prepared<TokensManifest>({
      ...{ source: jsonl(given), job, tokenizer, partSize: small },
    });
    expect(manifest.provenance!.cut.parts.length).toBeGreaterThan(2);
    const of = (split: string): string[] => rows.filter((row) => row.split === split).map(({ id }) => id);
    folds.push({ train: of('train'), validation: of('validation'), test: of('test') });
  }
  return folds;
}

describe.each([
  ['folds', {}],
  ['folds of groups', { group: 'patient' }],
])('%s that were prepared', (_, split) => {
  test('are each the whole source, divided', async () => {
    for (const { train, validation, test } of await foldsOf(split)) {
      expect(sorted([...train, ...validation, ...test])).toEqual(everyId);
    }
  });

  test('test every row once, and steer by the fold that is tested on next', async () => {
    const folds = await foldsOf(split);
    expect(sorted(folds.flatMap(({ test }) => test))).toEqual(everyId);
    for (const [fold, { validation }] of folds.entries())
      expect(sorted(validation)).toEqual(sorted(folds[(fold + 1) % FOLDS]!.test));
  });
});

test('folds of groups have no group in two splits', async () => {
  for (const parts of await foldsOf({ group: 'patient' })) {
    const [train, validation, tested] = [parts.train, parts.validation, parts.test].map(
      (ids) => new Set(ids.map((id) => patientOf.get(id)!)),
    );
    expect(train!.size + validation!.size + tested!.size).toBe(17);
    expect(new Set([...train!, ...validation!, ...tested!]).size).toBe(17);
  }
});

test('folds without groups do divide groups', async () => {
  const [{ train, test: tested } = { train: [], test: [] }] = await foldsOf({});
  const trained = new Set(train.map((id) => patientOf.get(id)));
  expect(tested.some((id) => trained.has(patientOf.get(id)))).toBe(true);
});
