/** Brings data to this machine to look at them before there is a job: whether they are images is told by themselves. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { GatherInput } from '../../activities/source/gather.js';
import { localFiles, type LocalFiles } from '../../activities/source/local.js';
import { objectsAt } from '../../activities/source/s3-images.js';
import { fileFormatOf, type FileFormat } from '../../data/readers/formats.js';
import { imageColumnOf } from '../../data/sources/image-column.js';
import { imageName } from '../../data/sources/image-rows.js';
import { jobSchema, type Task } from '../../job/schema.js';
import { withBucket } from '../../storage/object-store.js';
import { notReadable } from '../local-source.js';
import { settings } from '../services.js';

interface LookOptions {
  readonly format?: FileFormat;
  readonly task?: Task;
}

/** `image`: the column of tables with images in their cells. @throws DataError for what is not there, or cannot be read. */
export async function openForLook(
  sources: readonly string[],
  options: LookOptions,
  scratch: string,
): Promise<{ readonly local: LocalFiles; readonly image: string | null }> {
  const remote = sources.find((source) => source.includes('://') && !source.startsWith('s3://'));
  if (remote !== undefined) throw notReadable(remote);
  const bucket: Bucket = async (name, use) => withBucket((await settings()).store, name, use);
  const open = (task: Task, image: string | null): Promise<LocalFiles> =>
    localFiles({
      job: jobSchema.parse({
        name: 'inspect',
        task,
        model: 'inspect',
        data: { source: sources, ...(options.format && { format: options.format }), ...(image !== null && { image }) },
      }),
      places: sources.map((source) => (source.includes('://') ? source : resolve(source))),
      sourceName: sources.length === 1 ? sources[0]! : `${sources[0]!} and ${sources.length - 1} more`,
      scratch: join(scratch, task),
      withBucket: bucket,
    });
  if (await isImageFolder(sources, options, bucket))
    return { local: await open('image-classification', null), image: null };
  const local = await open('text-classification', null);
  const image = options.task === undefined && sources.length === 1 ? await imageColumnOf(tablesOf(local)) : null;
  return image === null ? { local, image } : { local: await open('image-classification', image), image };
}

const tablesOf = ({ files }: LocalFiles) =>
  files.flatMap(({ format, ...file }) => (format === 'files' || format === 'images' ? [] : [{ ...file, format }]));

type Bucket = GatherInput['withBucket'];

/** A folder whose files are images; a table that lists images is looked at as a table. */
async function isImageFolder(
  [source, ...others]: readonly string[],
  { task }: LookOptions,
  bucket: Bucket,
): Promise<boolean> {
  if (task === 'image-classification' && others.length === 0) return true;
  if (source === undefined || others.length > 0) return false;
  const names = (await namesIn(source, bucket)).map((name) => basename(name));
  return names.some((name) => imageName.test(name)) && !names.some((name) => fileFormatOf(name) !== null);
}

/** None where there is no folder: whoever reads the source says what is wrong with it. */
async function namesIn(source: string, withBucket: Bucket): Promise<readonly string[]> {
  if (source.startsWith('s3://')) {
    const found = await objectsAt(source, { withBucket });
    return found === null || found.isOne ? [] : found.names;
  }
  const path = resolve(source);
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? readdir(path, { recursive: true }) : [];
}
