/** Brings data to this machine to look at them before there is a job: whether they are images is told by themselves. */
import { readdir, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { localFiles, type LocalFiles } from '../../activities/source/local.js';
import { bucketAndKey, objectsAt } from '../../activities/source/objects.js';
import { fileFormatOf, type FileFormat } from '../../data/readers/formats.js';
import { imageColumnOf } from '../../data/sources/image-column.js';
import { imageName } from '../../data/sources/image-rows.js';
import { jobSchema, type Task } from '../../job/schema.js';
import { nameOfSource, placesOf, requireReadable } from '../local-source.js';
import { anyBucket } from '../services.js';

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
  requireReadable(sources);
  const open = (task: Task, image: string | null): Promise<LocalFiles> => {
    const job = jobSchema.parse({
      name: 'inspect',
      task,
      model: 'inspect',
      data: { source: sources, ...(options.format && { format: options.format }), ...(image !== null && { image }) },
    });
    return localFiles({
      job,
      places: placesOf(job.data, process.cwd()),
      sourceName: nameOfSource(job.data),
      scratch: join(scratch, task),
      withBucket: anyBucket,
    });
  };
  if (await isImageFolder(sources, options)) return { local: await open('image-classification', null), image: null };
  const local = await open('text-classification', null);
  const image = options.task === undefined && sources.length === 1 ? await imageColumnOf(tablesOf(local)) : null;
  return image === null ? { local, image } : { local: await open('image-classification', image), image };
}

const tablesOf = ({ files }: LocalFiles) =>
  files.flatMap(({ format, ...file }) => (format === 'files' || format === 'images' ? [] : [{ ...file, format }]));

/** A folder whose files are images; a table that lists images is looked at as a table. */
async function isImageFolder([source, ...others]: readonly string[], { task }: LookOptions): Promise<boolean> {
  if (task === 'image-classification' && others.length === 0) return true;
  if (source === undefined || others.length > 0) return false;
  const names = (await namesIn(source)).map((name) => basename(name));
  return names.some((name) => imageName.test(name)) && !names.some((name) => fileFormatOf(name) !== null);
}

/** None where there is no folder: whoever reads the source says what is wrong with it. */
async function namesIn(source: string): Promise<readonly string[]> {
  if (source.startsWith('s3://')) {
    const { names, isOne } = await objectsAt(source, bucketAndKey(source), { withBucket: anyBucket });
    return isOne ? [] : names;
  }
  const path = resolve(source);
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? readdir(path, { recursive: true }) : [];
}
