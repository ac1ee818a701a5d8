/** Images on S3, brought to this machine as they lie there: what is below a prefix, or a table and the files that it names. */
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { DataError } from '../../data/data-error.js';
import { imageName, imagesOfTable, type Columns } from '../../data/sources/image-rows.js';
import { eachOf } from '../../storage/each-of.js';
import type { ObjectStore } from '../../storage/object-store.js';
import { parseS3Url } from '../../storage/s3-url.js';
import type { GatherInput } from './gather.js';
import { listObjects } from './objects.js';

const AT_ONCE = 8;

export interface ObjectsAt {
  /** Below what was named; where that is one object, its own name. */
  readonly names: readonly string[];
  readonly isOne: boolean;
}

interface Place {
  readonly bucket: string;
  /** Ends with a slash, or is empty. */
  readonly prefix: string;
  /** Of the object that is named, where it is one. */
  readonly object: string | null;
}

type Input = Pick<GatherInput, 'scratch' | 'withBucket' | 'signal'>;

/** What is at a place, nothing of it fetched; null: nothing. */
export async function objectsAt(place: string, input: Omit<Input, 'scratch'>): Promise<ObjectsAt | null> {
  const { bucket, prefix, object } = await placeOf(place, input);
  if (object !== null) return { names: [object], isOne: true };
  const names = await input.withBucket(bucket, (store) => listObjects(store, prefix, input.signal));
  return names.length === 0 ? null : { names, isOne: false };
}

/** The path of the folder, or of the table, on this machine. */
export async function fetchImages(place: string, columns: Columns, input: Input): Promise<string> {
  const { bucket, prefix, object } = await placeOf(place, input);
  const { scratch, withBucket, signal } = input;
  const root = join(scratch, 'from-s3');
  await mkdir(root, { recursive: true });
  return withBucket(bucket, async (store) => {
    if (object === null) {
      const names = (await listObjects(store, prefix, signal)).filter((name) => imageName.test(name));
      await fetchBelow(store, prefix, names, root, signal);
      return root;
    }
    const table = join(root, object);
    await fetchBelow(store, prefix, [object], root, signal);
    const there = new Set(await listObjects(store, prefix, signal));
    const named = new Set<string>();
    for await (const { file } of imagesOfTable(table, columns)) {
      const name = typeof file === 'string' ? relative(root, file) : '';
      if (there.has(name)) named.add(name); // what is not there is told as of any table
    }
    await fetchBelow(store, prefix, [...named], root, signal);
    return table;
  });
}

async function placeOf(place: string, { withBucket, signal }: Omit<Input, 'scratch'>): Promise<Place> {
  const url = parseS3Url(place);
  if (!url) throw new DataError(`data.source: expected s3://bucket/key, found ${place}`);
  const { bucket, key } = url;
  const isOne =
    !key.endsWith('/') &&
    (await withBucket(bucket, (store) => store.head(key, { ...(signal && { signal }) }))) !== null;
  if (!isOne) return { bucket, prefix: key.endsWith('/') ? key : `${key}/`, object: null };
  const folder = dirname(key);
  return { bucket, prefix: folder === '.' ? '' : `${folder}/`, object: basename(key) };
}

/** Each at its name below `root`. @throws DataError for a name that would lie elsewhere. */
async function fetchBelow(
  store: ObjectStore,
  prefix: string,
  names: readonly string[],
  root: string,
  signal?: AbortSignal,
): Promise<void> {
  await eachOf(names, AT_ONCE, async (name) => {
    const path = join(root, name);
    if (!path.startsWith(join(root, '/')))
      throw new DataError(`data.source: expected names of files below ${prefix}, found ${name}`);
    await mkdir(dirname(path), { recursive: true });
    await store.getToFile(`${prefix}${name}`, path, undefined, { ...(signal && { signal }) });
  });
}
