/** The images of a job as one file on this machine (data/pack-images.ts), wherever they are. */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError } from '../../data/data-error.js';
import { packImages } from '../../data/pack-images.js';
import { fileFormatOf } from '../../data/readers/formats.js';
import { imageName } from '../../data/sources/image-rows.js';
import type { Job } from '../../job/schema.js';
import { gather, type GatherInput } from './gather.js';
import { bucketAndKey, noObject, objectsAt, type ObjectsAt } from './objects.js';
import { fetchImages } from './s3-images.js';

export type LocalImagesInput = Omit<GatherInput, 'columns' | 'format'> & { readonly job: Pick<Job, 'data'> };

/** @returns the file's path. @throws DataError for what cannot be read. */
export async function localImages({ job: { data }, ...input }: LocalImagesInput): Promise<string> {
  const { places, permitted, scratch, signal } = input;
  const place = places[0]!;
  const at = place.startsWith('s3://') ? await objectsAt(place, bucketAndKey(place), input) : null;
  if (at?.names.length === 0) throw noObject(place);
  const here = at === null && permitted ? await permitted(place) : place;
  await mkdir(scratch, { recursive: true });
  const out = join(scratch, 'images');
  const columns = { text: data.text, label: data.label };
  const found = holdsImages(at ?? (await namesAt(here)), data.format)
    ? { path: here, tables: await gather({ ...input, format: data.format, columns }) }
    : { path: at ? await fetchImages(place, at, data, input) : here };
  const reads = at ? fetchedAlone(place, scratch) : permitted;
  const shown = place.replace(/\/$/, '');
  await packImages({ ...found, shown, data, out, ...(reads && { permitted: reads }), ...(signal && { signal }) });
  return out;
}

/** A table from elsewhere names no files of this machine. */
const fetchedAlone = (place: string, scratch: string) => (path: string) =>
  path.startsWith(join(scratch, '/'))
    ? Promise.resolve(path)
    : Promise.reject(new DataError(`data.source: expected names of objects beside ${place}, found ${path}`));

type Names = Pick<ObjectsAt, 'names' | 'isOne'>;

/** Whether images are in the cells of what is named: a Parquet or Arrow file, or a folder of them that has no images beside. */
function holdsImages({ names, isOne }: Names, given: GatherInput['format']): boolean {
  const isBinary = (name: string): boolean => ['parquet', 'arrow'].includes(given ?? fileFormatOf(name) ?? '');
  return isOne ? isBinary(names[0]!) : !names.some((name) => imageName.test(name)) && names.some(isBinary);
}

async function namesAt(path: string): Promise<Names> {
  const found = await stat(path).catch(() => null);
  if (!found?.isDirectory()) return { names: [path], isOne: true };
  return { names: await readdir(path, { recursive: true }), isOne: false };
}
