import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';
import { cellsOf, Results, summaryOf, type Kept } from './results.js';
import type { Row } from './row.js';

const row = (name: string): Row => ({
  ...{ name, title: `what ${name} does`, unit: 'SIGSTOP', tries: 300, inTest: 1 },
  open: () => Promise.reject(new Error('not for these tests')),
});
const tried = (name: string, number: number, problems: string[] = []): Kept => ({
  ...{ row: name, number, what: 'held', faults: 1, problems, lostSteps: number, extraSeconds: 10 * number },
});

test('tries are there for the next call, and what makes a row whole is what its scene said last', () => {
  const path = join(temporaryFolder(), 'faults', 'seed-1.jsonl');
  const first = new Results(path);
  first.add(tried('zombie', 0));
  expect(summaryOf(row('zombie'), first)).toMatchObject({ tries: 1, whole: 300 });
  first.add({ row: 'zombie', whole: 124 });
  first.add({ row: 'zombie', whole: 2 });
  first.add(tried('zombie', 1, ['it did not end']));
  first.add(tried('freeze', 0));

  const next = new Results(path);
  expect([next.has('zombie', 1), next.has('zombie', 2), next.has('freeze', 1)]).toEqual([true, false, false]);
  expect(cellsOf(summaryOf(row('zombie'), next)).slice(1)).toEqual([
    ...['`zombie`', '2 of 2', '2 × SIGSTOP', '1 (!)', '1 (1)', '10.0 (10.0)'],
  ]);
  next.forget(['zombie']);
  const after = new Results(path);
  expect([after.of('zombie'), after.wholeOf('zombie'), after.of('freeze')]).toEqual([[], undefined, next.of('freeze')]);
});
