import { fileSource } from '../byte-source.js';
import { readFile } from '../readers/read-rows.js';
import { imageCellSchema, type ImageTable } from './image-rows.js';

/** First bytes of JPEG, PNG, GIF, WebP and TIFF files. */
const magic = [/^\xff\xd8\xff/, /^\x89PNG/, /^GIF8/, /^RIFF....WEBP/s, /^II\*\0/, /^MM\0\*/];

/** Which column of tables holds images as bytes, told by the first row; null: none does. */
export async function imageColumnOf([table]: readonly ImageTable[]): Promise<string | null> {
  if (table === undefined || !['parquet', 'arrow'].includes(table.format)) return null;
  const source = await fileSource(table.path, table.name);
  for await (const { fields } of readFile(source, table.format, { bytes: true, onBadRow: () => undefined }))
    return Object.keys(fields).find((name) => isImage(fields[name])) ?? null;
  return null;
}

function isImage(cell: unknown): boolean {
  const bytes = cell instanceof Uint8Array ? cell : imageCellSchema.safeParse(cell).data?.bytes;
  if (!bytes) return false;
  const start = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  return magic.some((each) => each.test(start));
}
