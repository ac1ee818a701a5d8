/**
 * Brings together what `data.source` names: files, folders, patterns, and the same on S3. Used where a run is submitted and where a
 * schedule fires.
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileSource } from '../../data/byte-source.js';
import { DataError } from '../../data/data-error.js';
import { compressionOf, formatOf, unpackedName, type FileFormat } from '../../data/readers/formats.js';
import { arrange } from '../../data/sources/arrange.js';
import { globMatcher, isGlob, splitGlob } from '../../data/sources/glob.js';
import { packTexts } from '../../data/sources/pack-texts.js';
import { unpack } from '../../data/sources/unpack.js';
import { bucketAndKey, fetchObjects, noObject, objectsAt, type Buckets } from './objects.js';

export interface GatheredFile {
  /** On this machine, unpacked. */
  readonly path: string;
  /** Relative to what was named. */
  readonly name: string;
  readonly format: FileFormat;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

export interface GatherInput extends Buckets {
  /** Absolute paths of this machine, patterns, or `s3://bucket/key`. */
  readonly places: readonly string[];
  readonly format?: FileFormat | undefined;
  /** Columns of a folder of texts. */
  readonly columns: { readonly text: string; readonly label: string };
  readonly scratch: string;
  /** The path to read for one that is named. @throws for one that may not be read. */
  readonly permitted?: ((path: string) => Promise<string>) | undefined;
}

/** @throws DataError for what is not there, or cannot be read. */
export async function gather(input: GatherInput): Promise<readonly GatheredFile[]> {
  const gathered: GatheredFile[] = [];
  for (const [index, place] of input.places.entries()) {
    const scratch = join(input.scratch, `source-${index}`);
    await mkdir(scratch, { recursive: true });
    const found = await filesAt(place, input, scratch);
    for (const [number, file] of found.entries()) {
      gathered.push(await unpacked(file, join(scratch, `unpacked-${number}`), input.signal));
    }
  }
  return gathered;
}

interface Listing {
  /** For messages. */
  readonly folder: string;
  /** Relative paths. */
  readonly names: readonly string[];
  /** Brings some of them to this machine. */
  readonly local: (names: readonly string[]) => Promise<readonly string[]>;
  /** What is named is one file. */
  readonly isOne: boolean;
}

async function filesAt(place: string, input: GatherInput, scratch: string): Promise<readonly GatheredFile[]> {
  const listing = place.startsWith('s3://') ? await objectsNamed(place, input, scratch) : await pathsAt(place, input);
  const { folder, names, local, isOne } = listing;
  if (isOne) {
    const [path] = await local(names);
    return [{ path: path!, name: names[0]!, format: input.format ?? formatOf(names[0]!) }];
  }
  const { kind, files } = arrange(names, folder, input.format);
  const paths = await local(files.map(({ path }) => path));
  if (kind === 'tables') return files.map(({ path, ...rest }, i) => ({ ...rest, name: path, path: paths[i]! }));
  const packed = join(scratch, 'texts.jsonl');
  const texts = files.map(({ path }, i) => ({ name: path, path: paths[i]! }));
  await packTexts(texts, input.columns, packed);
  return [{ path: packed, name: basename(folder), format: 'jsonl' }];
}

async function pathsAt(place: string, { permitted }: GatherInput): Promise<Listing> {
  const allowed = async (path: string): Promise<string> => (permitted ? permitted(path) : path);
  const { folder, rest } = isGlob(place) && !(await exists(place)) ? splitGlob(place) : { folder: place, rest: null };
  const root = await allowed(folder === '' ? '/' : folder);
  const found = await stat(root).catch(() => null);
  if (found === null) throw new DataError(`data.source: there is no file ${place}`);
  if (!found.isDirectory()) return { folder, names: [basename(place)], local: async () => [root], isOne: true };
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(root, '/').length));
  const local = (wanted: readonly string[]) => Promise.all(wanted.map((name) => allowed(join(root, name))));
  return { folder, names: matching(names, rest, place), local, isOne: false };
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

function matching(names: readonly string[], rest: string | null, place: string): readonly string[] {
  if (rest === null) return names;
  try {
    const matched = names.filter(globMatcher(rest));
    if (matched.length > 0) return matched;
  } catch (error) {
    throw new DataError(`data.source: expected a pattern such as parts/*.csv, found ${(error as Error).message}`);
  }
  throw new DataError(`data.source: no file is named like ${place}`);
}

async function objectsNamed(place: string, input: GatherInput, scratch: string): Promise<Listing> {
  const { bucket, key } = bucketAndKey(place);
  const { folder, rest } = isGlob(key) ? splitGlob(key) : { folder: key, rest: null };
  const at = rest === null || folder === '' ? folder : `${folder}/`;
  const { prefix, names, isOne } = await objectsAt(place, { bucket, key: at }, input);
  if (names.length === 0 && rest === null) throw noObject(place);
  return {
    folder: `s3://${bucket}/${prefix.replace(/\/$/, '')}`,
    names: matching(names, rest, place),
    local: (wanted) => input.withBucket(bucket, (store) => fetchObjects(store, prefix, wanted, scratch, input.signal)),
    isOne,
  };
}

/** Packed tables are unpacked here, once: parts of a file can be read on their own only where it is not packed. */
async function unpacked(file: GatheredFile, path: string, signal?: AbortSignal): Promise<GatheredFile> {
  const compression = compressionOf(file.name);
  if (compression === null) return file;
  await unpack(await fileSource(file.path, file.name), compression, path, { signal });
  return { ...file, path, name: unpackedName(file.name) };
}
