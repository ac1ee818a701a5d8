import { fileSource, type ByteSource } from '../../data/byte-source.js';
import { fileListSchema } from '../../data/file-list.js';
import { filesSource } from '../../data/readers/files.js';
import { readFile } from 'node:fs/promises';
import { fetchFile } from '../../storage/content.js';
import { eachOf } from '../../storage/each-of.js';
import type { CallOptions } from '../../storage/object-store.js';
import type { ObjectKey, Sha256, SourceRef, StoredFile } from '../../workflows/contract.js';
import type { ActivityDependencies } from '../dependencies.js';

const AT_ONCE = 4;

type Stores = Pick<ActivityDependencies, 'store' | 'cacheFolder'>;

export interface StoredSourceFile extends StoredFile {
  readonly format: Exclude<SourceRef['format'], 'files'>;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** The files that a source is: one, or those of its list. */
export async function filesOfSource(
  stores: Stores,
  source: SourceRef,
  options: CallOptions,
): Promise<StoredSourceFile[]> {
  const { format, name, file } = source;
  if (format !== 'files') return [{ ...file, name, format }];
  const { files } = fileListSchema.parse(JSON.parse(await readFile(await fetched(stores, file, options), 'utf8')));
  return files.map(({ key, sha256, ...rest }) => ({ ...rest, key: key as ObjectKey, sha256: sha256 as Sha256 }));
}

/** A run's source with local copies of all its files, which filesOfSource has told. */
export async function openStored(
  stores: Stores,
  source: SourceRef,
  files: readonly StoredSourceFile[],
  options: CallOptions,
): Promise<ByteSource> {
  if (source.format !== 'files') return fileSource(await fetched(stores, files[0]!, options), source.name);
  const opened = await eachOf(files, AT_ONCE, async (file) => {
    if (file.format === 'images') throw new Error(`${file.name}: images are packed into one file`);
    return {
      source: await fileSource(await fetched(stores, file, options), file.name),
      format: file.format,
      fields: file.fields,
    };
  });
  return filesSource(source.name, opened);
}

const fetched = ({ store, cacheFolder }: Stores, file: StoredFile, options: CallOptions): Promise<string> =>
  fetchFile(store, file, cacheFolder, options);
