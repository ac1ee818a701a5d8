import { readFile } from 'node:fs/promises';
import {
  RecordBatchReader,
  type Data,
  type List,
  type Int32,
  type RecordBatch,
  type Utf8,
  type Vector,
} from 'apache-arrow';

/** A shard in memory: flat arrays, nothing per row. */
export interface Shard {
  readonly rows: number;
  readonly tokens: {
    readonly values: Int32Array;
    /** rows + 1 entries: the tokens of row i are values[offsets[i]] … values[offsets[i + 1] - 1]. */
    readonly offsets: Int32Array;
  };
  readonly labels: Int32Array;
  /** Reads ids and texts from the file when they are wanted: reports need them, training does not. */
  texts(): Promise<ShardTexts>;
}

export interface ShardTexts {
  id(row: number): string;
  text(row: number): string;
}

/** Reads a shard that prepareDataset wrote. Its bytes are let go once tokens and labels are copied. */
export async function readShard(path: string): Promise<Shard> {
  const batches = await readBatches(path);
  const rows = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  const lists = batches.map((batch) => columnData<List<Int32>>(batch, 'tokens'));
  const totalTokens = lists.reduce((sum, list) => sum + tokenCount(list), 0);

  const values = new Int32Array(totalTokens);
  const offsets = new Int32Array(rows + 1);
  const labels = new Int32Array(rows);
  let row = 0;
  let token = 0;
  batches.forEach((batch, index) => {
    const list = lists[index]!;
    values.set(list.children[0]!.values.subarray(list.valueOffsets[0], list.valueOffsets[batch.numRows]), token);
    for (let i = 0; i < batch.numRows; i++) offsets[row + i] = token + list.valueOffsets[i]! - list.valueOffsets[0]!;
    labels.set(columnData<Int32>(batch, 'label').values.subarray(0, batch.numRows), row);
    row += batch.numRows;
    token += tokenCount(list);
  });
  offsets[rows] = token;
  return { rows, tokens: { values, offsets }, labels, texts: () => readTexts(path) };
}

async function readTexts(path: string): Promise<ShardTexts> {
  const batches = await readBatches(path);
  const starts: number[] = [];
  let rows = 0;
  for (const batch of batches) {
    starts.push(rows);
    rows += batch.numRows;
  }
  const cell = (column: 'id' | 'text') => {
    const vectors = batches.map((batch) => batch.getChild(column) as Vector<Utf8>);
    return (row: number): string => {
      const batch = starts.findLastIndex((start) => start <= row);
      const value = row < rows ? vectors[batch]?.get(row - starts[batch]!) : undefined;
      if (typeof value !== 'string') throw new RangeError(`${path}: has ${rows} rows, row ${row} was asked for`);
      return value;
    };
  };
  return { id: cell('id'), text: cell('text') };
}

const readBatches = async (path: string): Promise<RecordBatch[]> => [...RecordBatchReader.from(await readFile(path))];

function columnData<T extends List<Int32> | Int32>(batch: RecordBatch, name: string): Data<T> {
  const vector = batch.getChild(name);
  if (vector === null) throw new Error(`a shard lacks the column ${name}: it was not written by prepareDataset`);
  return vector.data[0] as unknown as Data<T>;
}

const tokenCount = (list: Data<List<Int32>>): number => list.valueOffsets[list.length]! - list.valueOffsets[0]!;
