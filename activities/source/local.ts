import { fileSource, type ByteSource } from '../../data/byte-source.js';
import { filesSource } from '../../data/readers/files.js';
import { FILES_FORMAT, type FileList } from '../../data/file-list.js';
import type { Job } from '../../job/schema.js';
import { putContent } from '../../storage/content.js';
import { eachOf } from '../../storage/each-of.js';
import { sourceKey } from '../../storage/layout.js';
import type { CallOptions, ObjectStore } from '../../storage/object-store.js';
import type { SourceRef } from '../../workflows/contract.js';
import { gather, type GatheredFile, type GatherInput } from './gather.js';
import { localImages } from './local-images.js';

const AT_ONCE = 4;

/** A job's data on this machine. */
export interface LocalFiles {
  /** What the user calls them. */
  readonly sourceName: string;
  /** How they are read: a format of one file, or `files`. */
  readonly format: SourceRef['format'];
  readonly files: readonly LocalFile[];
}

type LocalFile = Omit<GatheredFile, 'format'> & { readonly format: SourceRef['format'] };

type LocalInput = Omit<GatherInput, 'columns' | 'format'> & {
  readonly job: Pick<Job, 'task' | 'data'>;
  readonly sourceName: string;
};

/** Gathers what a job names; images are packed into one file. @throws DataError for what cannot be read. */
export async function localFiles({ job, sourceName, ...input }: LocalInput): Promise<LocalFiles> {
  const { format, text, label } = job.data;
  const one = (file: LocalFile): LocalFiles => ({ sourceName, format: file.format, files: [file] });
  if (job.task === 'image-classification') {
    return one({ path: await localImages({ ...input, job }), name: sourceName, format: 'images' });
  }
  const files = await gather({ ...input, format, columns: { text, label } });
  const [first] = files;
  return files.length === 1 && first!.fields === undefined ? one(first!) : { sourceName, format: 'files', files };
}

export async function openLocal({ sourceName, format, files }: LocalFiles): Promise<ByteSource> {
  if (format !== 'files') return fileSource(files[0]!.path, sourceName);
  const opened = files.map(async ({ path, name, fields, format }) => {
    if (format === 'files' || format === 'images') throw new Error(`${name}: a list in a list`);
    return { source: await fileSource(path, name), format, fields };
  });
  return filesSource(sourceName, await Promise.all(opened));
}

/** Puts the files on S3, where they are not there yet. `name` is what messages of the run call them. */
export async function storeFiles(
  store: ObjectStore,
  { format, files }: LocalFiles,
  name: string,
  options: CallOptions = {},
): Promise<SourceRef> {
  const put = (file: LocalFile, name: string) =>
    putContent(store, (sha256) => sourceKey(sha256, file.format), file.path, { ...options, name });
  if (format !== 'files') return { name, format, file: await put(files[0]!, name) };
  const stored = await eachOf(files, AT_ONCE, async (file) => {
    const { key, sha256, bytes } = await put(file, file.name);
    return { name: file.name, format: file.format, key, sha256, bytes, ...(file.fields && { fields: file.fields }) };
  });
  const list = { format: FILES_FORMAT, files: stored as FileList['files'] } satisfies FileList;
  const bytes = new TextEncoder().encode(`${JSON.stringify(list)}\n`);
  return {
    name,
    format,
    file: await putContent(store, (sha256) => sourceKey(sha256, 'files'), bytes, { ...options, name }),
  };
}
