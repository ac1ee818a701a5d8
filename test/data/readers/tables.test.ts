import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { fileSource, memorySource } from '../../../data/byte-source.js';
import { arrowMessages } from '../../../data/readers/arrow-messages.js';
import type { ReadPart } from '../../../data/readers/bad-row.js';
import { openParquet } from '../../../data/readers/parquet.js';
import { placeOf } from '../../../data/readers/parquet-group.js';
import { readRows } from '../../../data/readers/read-rows.js';
import type { Row } from '../../../data/readers/row.js';

/** Written by pyarrow and Hugging Face datasets: test/references/make_tables.py. */
const folder = fileURLToPath(new URL('../../fixtures/tables/', import.meta.url));
const expected = JSON.parse(readFileSync(`${folder}rows.json`, 'utf8')) as unknown[];
const files = readdirSync(folder).filter((name) => /^rows-.*\.(parquet|feather|arrow)$/.test(name));

async function rowsOf(name: string, part?: ReadPart): Promise<Row[]> {
  const rows = [];
  for await (const row of readRows(await fileSource(`${folder}${name}`), undefined, { part })) rows.push(row);
  return rows;
}

test.each([...files, 'rows.json'])('%s gives the rows that pyarrow wrote', async (name) => {
  const rows = await rowsOf(name);
  expect(rows.map(({ fields }) => JSON.parse(JSON.stringify(fields)) as unknown)).toEqual(expected);
  expect(rows.map(({ number }) => number)).toEqual(rows.map((_, index) => index + 1));
});

test('a row of a file without lines is found by its number', async () => {
  const rows = await rowsOf('rows-snappy.parquet');
  expect(rows[60]!.place).toBe('rows-snappy.parquet, row 61');
});

describe('parts', () => {
  test('of row groups give the rows of the whole file', async () => {
    const parts = [
      { from: 0, to: 1, firstLine: 1 },
      { from: 1, to: 3, firstLine: 51 },
    ];
    const rows = (await Promise.all(parts.map((part) => rowsOf('rows-zstd.parquet', part)))).flat();
    const whole = await rowsOf('rows-zstd.parquet');
    expect(rows.map(({ fields, line, place }) => ({ fields, line, place }))).toEqual(
      whole.map(({ fields, line, place }) => ({ fields, line, place })),
    );
  });

  test.each(['rows-lz4.feather', 'rows-stream.arrow'])(
    'of record batches give the rows of the whole %s',
    async (name) => {
      const parts: ReadPart[] = [];
      let firstLine = 1;
      for await (const { kind, from, to, rows } of arrowMessages(await fileSource(`${folder}${name}`))) {
        if (kind !== 'batch') continue;
        parts.push({ from, to, firstLine });
        firstLine += rows;
      }
      expect(parts).toHaveLength(3);
      const rows = (await Promise.all(parts.map((part) => rowsOf(name, part)))).flat();
      const whole = await rowsOf(name);
      expect(rows.map(({ fields, line }) => ({ fields, line }))).toEqual(
        whole.map(({ fields, line }) => ({ fields, line })),
      );
    },
  );
});

describe('Hugging Face datasets', () => {
  test.each(['saved/test/data-00000-of-00001.arrow', 'hub/data/test-00000-of-00001.parquet'])(
    'in %s name their classes',
    async (name) => {
      const [first, second] = await rowsOf(name);
      expect(first!.fields).toEqual({ text: 'weather 20', label: 'calm', tags: ['O', 'O'] });
      expect(second!.fields).toEqual({ text: 'weather 21', label: 'storm', tags: ['O', 'B'] });
    },
  );
});

describe('damage', () => {
  test.each(files)('%s cut short anywhere is an error that says so', async (name) => {
    const bytes = readFileSync(`${folder}${name}`);
    for (let length = 1; length < bytes.length; length += 997) {
      const read = async () => {
        let count = 0;
        for await (const row of readRows(memorySource(name, bytes.subarray(0, length)))) count = row.number;
        return count;
      };
      const outcome = await read().catch((error: Error) => error);
      // The index at the end of a Feather file is not needed.
      if (typeof outcome === 'number') expect(outcome, `${length} bytes`).toBe(expected.length);
      else expect(outcome.name, outcome.stack ?? '').toBe('DataError');
    }
  });

  test('in the indices of a dictionary of Parquet is an error, no missing value', async () => {
    const name = 'rows-none.parquet';
    const bytes = readFileSync(`${folder}${name}`);
    const { row_groups } = await openParquet(memorySource(name, bytes));
    const column = row_groups[0]!.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === 'kind')!.meta_data!;
    const [, end] = placeOf(column);
    for (let at = end - 12; at < end - 1; at++) {
      // the last fills the eights up
      const broken = Buffer.from(bytes);
      broken[at] = 0xff; // four indices of 3 where there are 0, 1 and 2
      const read = async () => {
        for await (const _ of readRows(memorySource(name, broken)));
      };
      await expect(read()).rejects.toThrow('a value of kind that its dictionary does not have');
    }
  });
});
