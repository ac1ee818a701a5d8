import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { memorySource } from '../../data/byte-source.js';
import { DataError } from '../../data/data-error.js';
import { decodeImage, UnreadableImage } from '../../data/images.js';
import { formatOf, readRows } from '../../data/readers/read-rows.js';
import { compressionOf } from '../../data/readers/formats.js';
import { unpack } from '../../data/sources/unpack.js';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { damaged } from './damage.js';

const fixtures = join(repositoryRoot(), 'test', 'fixtures');

export interface Sample {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** One of each kind that is read. */
export function samples(): Sample[] {
  const tables = readdirSync(join(fixtures, 'tables')).filter((name) => name.startsWith('rows'));
  const images = readdirSync(join(fixtures, 'images')).filter((name) => !/large/.test(name));
  const file = (folder: string) => (name: string) => ({ name, bytes: readFileSync(join(fixtures, folder, name)) });
  const rows = Array.from({ length: 60 }, (_, i) => [`a "quoted"\n text ${i}, grüße 🙂`, `label ${i % 3}`, i]);
  const csv = rows
    .map((cells) => cells.map((cell) => `"${String(cell).replaceAll('"', '""')}"`).join(','))
    .join('\r\n');
  const jsonl = rows.map(([text, label, n]) => JSON.stringify({ text, label, n, words: [text] })).join('\n');
  const text = (name: string, content: string) => ({ name, bytes: Buffer.from(content) });
  return [
    ...tables.map(file('tables')),
    ...images.map(file('images')),
    text('a.csv', `text,label,n\r\n${csv}`),
    text('a.tsv', rows.map((cells) => cells.join('\t').replaceAll('\n', ' ')).join('\n')),
    text('a.jsonl', jsonl),
    text('a.json', `{"version":"1","data":[${jsonl.replaceAll('\n', ',')}],"more":{"a":"]"}}`),
    text('a.txt', rows.map(([text]) => text).join('\n')),
    { name: 'a.jsonl.gz', bytes: gzipSync(jsonl.repeat(5)) },
    { name: 'a.csv.zst', bytes: Buffer.from('KLUv/SATmQAAdGV4dCxsYWJlbApoZWxsbyx4Cg==', 'base64') },
  ];
}

/** Reads a damaged sample to its end. @throws what is no answer to damage: anything but rows, or a sentence that names the fault. */
export async function readDamaged({ name, bytes }: Sample, seed: number): Promise<'rows' | 'refused'> {
  const broken = damaged(bytes, seed);
  try {
    if (/\.(png|jpe?g)$/.test(name)) await decodeImage(broken, 32);
    else if (compressionOf(name) !== null) {
      const out = join(tmpdir(), `temper-fuzz-${process.pid}`);
      await unpack(memorySource(name, broken), compressionOf(name)!, out, { alwaysBytes: 2 ** 20 });
    } else {
      const onBadRow = seed % 2 === 0 ? () => undefined : undefined;
      for await (const row of readRows(memorySource(name, broken), formatOf(name), { onBadRow }))
        JSON.stringify(row.fields);
    }
    return 'rows';
  } catch (error) {
    if (error instanceof DataError || error instanceof UnreadableImage) return 'refused';
    throw error;
  }
}
