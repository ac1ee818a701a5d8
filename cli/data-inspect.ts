import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { GatherInput } from '../activities/source/gather.js';
import { localFiles, openLocal } from '../activities/source/local.js';
import { objectsAt } from '../activities/source/s3-images.js';
import { DataError } from '../data/data-error.js';
import { imageName } from '../data/sources/image-rows.js';
import { fileFormats } from '../data/file-list.js';
import { inspectData } from '../data/inspect/inspect.js';
import { fileFormatOf, type FileFormat } from '../data/readers/formats.js';
import { jobSchema, tasks, type Task } from '../job/schema.js';
import { withBucket } from '../storage/object-store.js';
import { CliError } from '../infra/errors.js';
import { notReadable } from './local-source.js';
import { inspectedHtml } from './render/inspected-html.js';
import { renderInspected } from './render/inspected.js';
import { settings, storeFailure } from './services.js';

const help = `
Reads everything, writes nothing but what --html asks for: rows that cannot be read, the columns and their types, classes,
lengths, duplicates, what looks like a mistake, and a job file that handles it.

Examples:
  $ temper data inspect tickets.csv
  $ temper data inspect 'parts/*.parquet' --label queue
  $ temper data inspect 's3://bucket/parts/*.csv' --json | jq .problems
  $ temper data inspect photos --html photos.html
  $ temper data inspect s3://bucket/photos/`;

interface InspectOptions {
  readonly format?: FileFormat;
  readonly task?: Task;
  readonly text?: string;
  readonly label?: string;
  readonly json: boolean;
  readonly html?: string;
}

export const dataInspect = (): Command =>
  new Command('inspect')
    .description('Say what data are, what looks wrong in them, and which job would handle it')
    .argument('<source...>', 'files, folders, patterns, s3://bucket/key')
    .addOption(
      new Option('--format <format>', 'what the files are, where their names do not tell it').choices(fileFormats),
    )
    .addOption(new Option('--task <task>', 'what they are for; told by the columns when left out').choices(tasks))
    .option('--text <column>', 'the column to learn from')
    .option('--label <column>', 'the column to learn')
    .option('--json', 'one JSON object', false)
    .option('--html <file>', 'write a page that needs nothing but itself')
    .addHelpText('after', help)
    .action(inspect);

async function inspect(sources: string[], options: InspectOptions): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'temper-inspect-'));
  try {
    const remote = sources.find((source) => source.includes('://') && !source.startsWith('s3://'));
    if (remote !== undefined) throw notReadable(remote);
    const bucket: Bucket = async (name, use) => withBucket((await settings()).store, name, use);
    const images = await isImageFolder(sources, options, bucket);
    const { task, text, label, format } = options;
    const job = jobSchema.parse({
      name: 'inspect',
      task: images ? 'image-classification' : 'text-classification',
      model: 'inspect',
      data: { source: sources, ...(format && { format }) },
    });
    const local = await localFiles({
      job,
      places: sources.map((source) => (source.includes('://') ? source : resolve(source))),
      sourceName: sources.length === 1 ? sources[0]! : `${sources[0]!} and ${sources.length - 1} more`,
      scratch: join(scratch, 'files'),
      withBucket: bucket,
    });
    const report = await inspectData({
      source: await openLocal(local),
      format: local.format,
      sources: sources.map((source) =>
        source.includes('://') ? source : relative(process.cwd(), resolve(source)) || '.',
      ),
      given: { ...(task && { task }), ...(text !== undefined && { text }), ...(label !== undefined && { label }) },
    });
    if (options.html !== undefined) await writeFile(options.html, inspectedHtml(report));
    if (options.json) console.log(JSON.stringify(report));
    else console.log(renderInspected(report).join('\n'));
    if (options.html !== undefined && !options.json) console.log(`\nThe page: ${options.html}`);
  } catch (error) {
    if (error instanceof DataError)
      throw new CliError(error.message.replace(/^data\.source: /, ''), undefined, { cause: error });
    throw storeFailure(error);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

type Bucket = GatherInput['withBucket'];

/** A folder whose files are images; a table that lists images is looked at as a table. */
async function isImageFolder(
  [source, ...others]: readonly string[],
  { task }: InspectOptions,
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
