import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DataError } from '../../data/data-error.js';
import { examplesOf } from '../../engine/host/predict.js';
import type { PredictInput } from '../../engine/protocol.js';

const folder = mkdtempSync(join(tmpdir(), 'temper-predict-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Dataset = Parameters<typeof examplesOf>[0]['dataset'];
const preparedAs = (dataset: Partial<Dataset> & Pick<Dataset, 'kind'>) => ({
  dataset: { target: 'value', labels: [], ...dataset } as unknown as Dataset,
  modelFolder: folder,
});

const table = preparedAs({
  kind: 'features',
  width: 3,
  transform: {
    numeric: [{ column: 'Flipper Length (mm)', mean: 200, offset: 200, divisor: 10, hasGaps: false }],
    categorical: [{ column: 'Sex', categories: ['FEMALE', 'MALE'] }],
  },
});
const rowsOf = (...cells: Record<string, unknown>[]): PredictInput[] =>
  cells.map((cells) => ({ kind: 'row' as const, cells }));

test('a column of the model that no row has is asked for, by its name', async () => {
  const told = examplesOf(table, rowsOf({ 'flipper length': 210, Sex: 'MALE' }));
  await expect(told).rejects.toThrow(DataError);
  await expect(told).rejects.toThrow(
    'expected a column `Flipper Length (mm)`, found `flipper length` and `Sex`; did you mean `flipper length`?',
  );
  await expect(examplesOf(table, rowsOf({ 'Flipper Length (mm)': 210 }))).rejects.toThrow(
    'expected a column `Sex`, found `Flipper Length (mm)`; give an empty cell (in JSON null) where a value is not known',
  );
});

test('a value that is not known may be left out of a row when another row has the column, or be null', async () => {
  const rows = rowsOf({ 'Flipper Length (mm)': 210, Sex: null }, { Sex: 'MALE' });
  expect((await examplesOf(table, rows)).examples.count).toBe(2);
});

test('a file that is no image is named, in a sentence for the user', async () => {
  const path = join(folder, 'notes.png');
  writeFileSync(path, 'no image');
  const told = examplesOf(preparedAs({ kind: 'images', target: 'class', size: 32 }), [{ kind: 'image', path }]);
  await expect(told).rejects.toThrow(DataError);
  await expect(told).rejects.toThrow(`${path}: `);
});
