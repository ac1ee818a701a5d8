import { describe, expect, test } from 'vitest';
import { checkPage, type PageColumn, type PageHeader } from '../../../data/readers/check-parquet-page.js';

const flat: PageColumn = {
  type: 'BYTE_ARRAY',
  codec: 'UNCOMPRESSED',
  typeLength: undefined,
  maxDefinition: 0,
  maxRepetition: 0,
};

function check(bytes: readonly number[], values: number, encoding: string, column: Partial<PageColumn> = {}): void {
  const header = {
    uncompressed_page_size: bytes.length,
    data_page_header: { num_values: values, encoding },
  } as unknown as PageHeader;
  checkPage(Uint8Array.from(bytes), header, { ...flat, ...column });
}

/** As Parquet writes numbers of any size: seven bits a byte, the lowest first. */
function varint(number: number): number[] {
  const bytes = [];
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}

/** Deltas of 0 after `first`, in blocks of 128 values. */
const deltas = (values: number, first: number): number[] => [
  ...[...varint(128), ...varint(4), ...varint(values), ...varint(first < 0 ? -2 * first - 1 : 2 * first)],
  ...(values > 1 ? [0, 0, 0, 0, 0] : []),
];

describe('runs', () => {
  test('of as many values as the page has are taken', () => {
    check([3, ...varint(20 << 1), 5], 20, 'RLE_DICTIONARY');
    check([1, ...varint((1 << 1) | 1), 0b1010], 5, 'RLE_DICTIONARY'); // five of eight
    check([...[2, 0, 0, 0], ...varint(3 << 1), 1, 0, ...[0, 0]], 3, 'PLAIN', { maxDefinition: 1, type: 'BOOLEAN' });
  });

  test.each([
    ['of 2^29 values', [3, ...varint(2 ** 30), 5], 'a run of 536870912 where 20 values are left'],
    ['of 40 bits', [40, 2, 0, 0, 0, 0, 0], 'runs of 40 bits'],
    ['that end before their values', [3, ...varint(4 << 1), 5], 'Offset is outside the bounds'],
    ['of packed bits that are not there', [8, ...varint((3 << 1) | 1), 1, 2], 'a run of 24 where 20 values are left'],
  ])('%s', (_, bytes, sentence) => {
    expect(() => check(bytes, 20, 'RLE_DICTIONARY')).toThrow(sentence);
  });

  test.each([
    ['a negative number', 0xffffffff],
    ['2^30', 2 ** 28 + 1],
  ])('of packed values without bits, %s of them', (_, head) => {
    const v2 = {
      uncompressed_page_size: 6,
      data_page_header_v2: {
        ...{ num_values: 20, num_nulls: 0, num_rows: 20, encoding: 'RLE_DICTIONARY' },
        ...{ repetition_levels_byte_length: 0, definition_levels_byte_length: 0, is_compressed: false },
      },
    } as unknown as PageHeader;
    expect(() => checkPage(Uint8Array.from([0, ...varint(head)]), v2, flat)).toThrow('where 20 values are left');
  });
});

describe('strings', () => {
  test('lie in their page', () => {
    check([1, 0, 0, 0, 65, 0, 0, 0, 0], 2, 'PLAIN');
    expect(() => check([9, 0, 0, 0, 65], 1, 'PLAIN')).toThrow('strings of 13 bytes in 5');
    expect(() => check([0, 0, 0, 0], 2 ** 26, 'PLAIN')).toThrow('67108864 strings in 4 bytes');
    check([...deltas(2, 1), 65, 66], 2, 'DELTA_LENGTH_BYTE_ARRAY');
    expect(() => check([...deltas(3, 1), 65, 66], 3, 'DELTA_LENGTH_BYTE_ARRAY')).toThrow('strings of 3 bytes in 2');
    expect(() => check([...deltas(3, -1), 65, 66], 3, 'DELTA_LENGTH_BYTE_ARRAY')).toThrow('a negative length');
  });

  test('begin as the one before does, and stay small together', () => {
    check([...deltas(1, 0), ...deltas(1, 2), 65, 66], 1, 'DELTA_BYTE_ARRAY');
    expect(() => check([...deltas(2, 3), ...deltas(2, 1)], 2, 'DELTA_BYTE_ARRAY')).toThrow(
      'a string that begins with 3 bytes of one of 0',
    );
    const prefixes = [...varint(128), ...varint(4), ...varint(9), 0, ...varint(2 ** 27), 0, 0, 0, 0];
    expect(() => check([...prefixes, ...deltas(9, 2 ** 26)], 9, 'DELTA_BYTE_ARRAY')).toThrow('of strings');
  });
});

test('numbers have their bytes', () => {
  check([0, 0, 0, 0, 0, 0, 0, 0], 1, 'PLAIN', { type: 'INT64' });
  expect(() => check([0, 0, 0, 0], 1, 'PLAIN', { type: 'INT64' })).toThrow('1 values in 4 bytes');
  expect(() => check([0], 9, 'PLAIN', { type: 'BOOLEAN' })).toThrow('9 values in 1 bytes');
  expect(() => check([0], 2, 'PLAIN', { type: 'FIXED_LEN_BYTE_ARRAY', typeLength: 16 })).toThrow('2 values in 1 bytes');
});

test('deltas say how many they are, and their blocks have parts', () => {
  check(deltas(5, 1), 5, 'DELTA_BINARY_PACKED', { type: 'INT32' });
  expect(() => check(deltas(6, 1), 5, 'DELTA_BINARY_PACKED')).toThrow('deltas of 6 values where 5 are expected');
  const backwards = [...varint(128), ...varint(0xffffffff), 5, 0];
  expect(() => check(backwards, 5, 'DELTA_BINARY_PACKED')).toThrow('deltas in blocks of 128 in -1 parts');
});
