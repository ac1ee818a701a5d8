import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { openLocal } from '../activities/source/local.js';
import { DataError } from '../data/data-error.js';
import { fileFormats } from '../data/file-list.js';
import { inspectData } from '../data/inspect/inspect.js';
import type { FileFormat } from '../data/readers/formats.js';
import { tasks, type Task } from '../job/schema.js';
import { CliError } from '../infra/errors.js';
import { inspectedHtml } from './render/inspected-html.js';
import { renderInspected } from './render/inspected.js';
import { openForLook } from './runs/open-for-look.js';
import { storeFailure } from './services.js';

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
    const { local, image } = await openForLook(sources, options, join(scratch, 'files'));
    const { task, text, label } = options;
    const report = await inspectData({
      source: await openLocal(local),
      format: local.format,
      sources: sources.map((source) =>
        source.includes('://') ? source : relative(process.cwd(), resolve(source)) || '.',
      ),
      given: {
        ...(task && { task }),
        ...(text !== undefined && { text }),
        ...(label !== undefined && { label }),
        ...(image !== null && { image }),
      },
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
