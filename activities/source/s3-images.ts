/** Images on S3, brought to this machine as they lie there: what is below a prefix, or a table and the files that it names. */
import { mkdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { DataError } from '../../data/data-error.js';
import { imageName, imagesOfTable, type Columns } from '../../data/sources/image-rows.js';
import { eachOf } from '../../storage/each-of.js';
import type { ObjectStore } from '../../storage/object-store.js';
import type { GatherInput } from './gather.js';
import { bucketAndKey, listObjects, type ObjectsAt } from './objects.js';

const AT_ONCE = 8;

/** The path of the folder, or of the table, on this machine. */
export async function fetchImages(
  place: string,
  { prefix, names, isOne }: ObjectsAt,
  columns: Columns,
  { scratch, withBucket, signal }: Pick<GatherInput, 'scratch' | 'withBucket' | 'signal'>,
): Promise<string> {
  const root = join(scratch, 'from-s3');
  await mkdir(root, { recursive: true });
  return withBucket(bucketAndKey(place).bucket, async (store) => {
    await fetchBelow(store, prefix, isOne ? names : names.filter((name) => imageName.test(name)), root, signal);
    if (!isOne) return root;
    const table = join(root, names[0]!);
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
