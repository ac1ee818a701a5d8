import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { ExportForm } from '../engine/protocol.js';
import { sha256OfFile } from '../storage/digest.js';
import type { ObjectStore } from '../storage/object-store.js';
import type { PublishedModel } from '../workflows/contract.js';
import { CliError } from '../infra/errors.js';
import { counted, size } from './render/units.js';
import { exportForms, loadPublished, publishedRun } from './runs/model-place.js';
import { withEngine } from './runs/local-engine.js';
import { publishedModel } from './runs/published-model.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';
import { withStore } from './services.js';

const help = `
safetensors   a Hugging Face folder as it was published: model.safetensors, config.json with the labels; the only one that is
              trained on, and that goes on with texts
saved-model   a TensorFlow SavedModel, weights inside: Python, TensorFlow Serving
tfjs-graph    a TensorFlow.js graph model: a browser or Node
tfjs-layers   a TensorFlow.js layers model, of models that came from Keras
With each: the tokenizer or how images are prepared, and temper.json, which says where it is from. \`temper predict FOLDER\` reads
them all. Files are verified by their SHA-256, and the folder appears whole or not at all.

Examples:
  $ temper export glosses-1a2b3c4d --to ./glosses-model
  $ temper export glosses-1a2b3c4d --to ./glosses-web --format tfjs-graph
  $ temper export glosses-1a2b3c4d --to ./glosses-model --force      replaces what is there`;

type Format = 'safetensors' | ExportForm;

interface ExportOptions {
  readonly to: string;
  readonly format: Format;
  readonly force: boolean;
  readonly json: boolean;
}

export const exportCommand = (): Command =>
  new Command('export')
    .description("Write a finished run's model into a folder")
    .addArgument(runArgument())
    .requiredOption('--to <folder>', 'where to; created when it is not there')
    .addOption(
      new Option('--format <form>', 'what it is written as')
        .choices(['safetensors', ...exportForms])
        .default('safetensors'),
    )
    .option('--force', 'replace a folder that holds something', false)
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action(async (run: string, { to, format, force, json }: ExportOptions) => {
      const folder = resolve(to);
      await refuseTaken(folder, to, force);
      const { files, fixed } =
        format === 'safetensors' ? await published(run, folder) : await converted(run, folder, format);
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      if (json) {
        console.log(JSON.stringify({ run, folder, format, files, bytes, fixed }));
        return;
      }
      const how =
        format === 'safetensors' ? 'every one verified' : `written as ${format} and tried against the published model`;
      console.log(`${to}: ${counted(files.length, 'file')}, ${size(bytes)}, ${how}.`);
      for (const sentence of fixed) console.log(`It takes ${sentence}.`);
    });

interface Exported {
  readonly files: readonly { readonly name: string; readonly sha256: string; readonly bytes: number }[];
  /** Sizes of its inputs that are not free, and why. */
  readonly fixed: readonly string[];
}

async function published(run: string, folder: string): Promise<Exported> {
  const model = await withRuns((client) => publishedModel(client, run));
  await withStore((store) => exportModel(store, model, folder));
  return { files: model.files.map(({ name, sha256, bytes }) => ({ name, sha256, bytes })), fixed: [] };
}

/** Of the published folder, what goes with every form. */
const goesAlong = (name: string): boolean => /^(?:temper\.json|tokenizer|vocab|merges)/.test(name);

async function converted(run: string, folder: string, form: ExportForm): Promise<Exported> {
  const place = await publishedRun(run);
  let fixed: readonly string[] = [];
  await wholeOrNot(folder, async (partial) => {
    await withEngine({ log: 'export', allowModules: place.allowModules }, async (engine) => {
      await loadPublished(engine, place);
      ({ fixed } = await engine.request('exportForm', { form, folder: partial }));
    });
    const along = (await readdir(place.folder)).filter(goesAlong);
    await Promise.all(along.map((name) => copyFile(join(place.folder, name), join(partial, name))));
  });
  const names = (await readdir(folder)).sort();
  const files = names.map(async (name) => ({ name, ...(await sha256OfFile(join(folder, name))) }));
  return { files: await Promise.all(files), fixed };
}

async function refuseTaken(folder: string, named: string, force: boolean): Promise<void> {
  if (force) return;
  const there = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new CliError(
      error.code === 'ENOTDIR' ? `${named} is a file, not a folder.` : `${named} cannot be read: ${error.message}.`,
    );
  });
  if (there.length > 0) throw new CliError(`${named} is not empty: name another folder, or replace it with --force.`);
}

export const exportModel = (store: ObjectStore, { files }: PublishedModel, folder: string): Promise<void> =>
  wholeOrNot(folder, async (partial) => {
    for (const file of files) await store.getToFile(file.key, join(partial, basename(file.name)), file);
  });

/** Written beside its place and then renamed, so that nobody ever sees half of it. */
async function wholeOrNot(folder: string, write: (partial: string) => Promise<void>): Promise<void> {
  const beside = (what: string) => join(dirname(folder), `.${basename(folder)}-${what}-${randomUUID()}`);
  const partial = beside('partial');
  await mkdir(partial, { recursive: true }).catch((error: Error) => {
    throw new CliError(`${dirname(folder)} cannot be written to: ${error.message}. Name another folder with --to.`);
  });
  try {
    await write(partial);
    await rmdir(folder).catch(() => undefined); // an empty one makes room
    const old = beside('old');
    const replaced = await rename(folder, old).then(
      () => true,
      () => false,
    );
    await rename(partial, folder);
    if (replaced) await rm(old, { recursive: true, force: true });
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}
