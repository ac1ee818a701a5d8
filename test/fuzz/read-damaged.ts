import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { memorySource, type ByteSource } from '../../data/byte-source.js';
import { DataError } from '../../data/data-error.js';
import { decodeImage, UnreadableImage } from '../../data/images.js';
import { IMAGES_FORMAT, type ImageEntry, type ImagesHead } from '../../data/readers/images.js';
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
export async function samples(): Promise<Sample[]> {
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
    ...(await writtenImages()),
    { name: 'photos.images', bytes: packed(images) },
    text('a.csv', `text,label,n\r\n${csv}`),
    text('a.tsv', rows.map((cells) => cells.join('\t').replaceAll('\n', ' ')).join('\n')),
    text('a.jsonl', jsonl),
    text('a.json', `{"version":"1","data":[${jsonl.replaceAll('\n', ',')}],"more":{"a":"]"}}`),
    text('a.txt', rows.map(([text]) => text).join('\n')),
    { name: 'a.jsonl.gz', bytes: gzipSync(jsonl.repeat(5)) },
    { name: 'a.csv.zst', bytes: Buffer.from('KLUv/SATmQAAdGV4dCxsYWJlbApoZWxsbyx4Cg==', 'base64') },
  ];
}

/** Kinds of images of which there is no fixture. */
async function writtenImages(): Promise<Sample[]> {
  const image = sharp(join(fixtures, 'images', 'photo.jpg')).resize(96, 64);
  const formats = ['webp', 'gif', 'tiff', 'avif'] as const;
  return Promise.all(
    formats.map(async (format) => ({ name: `a.${format}`, bytes: await image.clone().toFormat(format).toBuffer() })),
  );
}

/** As packImages writes them. */
function packed(names: readonly string[]): Uint8Array {
  const head: ImagesHead = { format: IMAGES_FORMAT, from: 'folder' };
  const pieces: Uint8Array[] = [Buffer.from(`${JSON.stringify(head)}\n`)];
  for (const [index, name] of names.entries()) {
    const bytes = readFileSync(join(fixtures, 'images', name));
    const fields = { image: name, label: `class ${index % 2}` };
    const entry: ImageEntry = { line: index + 1, path: name, bytes: bytes.byteLength, fault: null, fields };
    pieces.push(Buffer.from(`${JSON.stringify(entry)}\n`), bytes, Buffer.from('\n'));
  }
  return Buffer.concat(pieces);
}

async function readPackedImages(source: ByteSource): Promise<void> {
  for await (const { image } of readRows(source, 'images')) {
    if (image === undefined || image.fault !== null) continue;
    await decodeImage(image.bytes, 32).catch((error: unknown) => {
      if (!(error instanceof UnreadableImage)) throw error; // one that cannot be used does not keep others from being read
    });
  }
}

/** Reads a damaged sample to its end. @throws what is no answer to damage: anything but rows, or a sentence that names the fault. */
export async function readDamaged({ name, bytes }: Sample, seed: number): Promise<'rows' | 'refused'> {
  const broken = damaged(bytes, seed);
  try {
    if (/\.(png|jpg|webp|gif|tiff|avif)$/.test(name)) await decodeImage(broken, 32);
    else if (name.endsWith('.images')) await readPackedImages(memorySource(name, broken));
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
