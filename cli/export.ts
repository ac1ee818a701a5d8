import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import type { ObjectStore } from '../storage/object-store.js';
import type { PublishedModel } from '../workflows/contract.js';
import { CliError } from './errors.js';
import { counted, size } from './render/units.js';
import { publishedModel } from './runs/published-model.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';
import { withStore } from './services.js';

const help = `
A Hugging Face folder: model.safetensors, config.json with the labels, the tokenizer, and temper.json, which says where it is
from. Every file is verified by its SHA-256, and the folder appears whole or not at all.

Examples:
  $ temper export glosses-1a2b3c4d --to ./glosses-model
  $ temper export glosses-1a2b3c4d --to ./glosses-model --force      replaces what is there`;

interface ExportOptions {
  readonly to: string;
  readonly force: boolean;
  readonly json: boolean;
}

export const exportCommand = (): Command =>
  new Command('export')
    .description("Write a finished run's model as a Hugging Face folder")
    .addArgument(runArgument())
    .requiredOption('--to <folder>', 'where to; created when it is not there')
    .option('--force', 'replace a folder that holds something', false)
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action(async (run: string, { to, force, json }: ExportOptions) => {
      const folder = resolve(to);
      await refuseTaken(folder, to, force);
      const model = await withRuns((client) => publishedModel(client, run));
      await withStore((store) => exportModel(store, model, folder));
      const files = model.files.map(({ name, sha256, bytes }) => ({ name, sha256, bytes }));
      const said = `${to}: ${counted(files.length, 'file')}, ${size(model.bytes)}, every one verified.`;
      console.log(json ? JSON.stringify({ run, folder, files, bytes: model.bytes }) : said);
    });

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

/** Written beside its place and then renamed, so that nobody ever sees half of it. */
export async function exportModel(store: ObjectStore, { files }: PublishedModel, folder: string): Promise<void> {
  const beside = (what: string) => join(dirname(folder), `.${basename(folder)}-${what}-${randomUUID()}`);
  const partial = beside('partial');
  await mkdir(partial, { recursive: true });
  try {
    for (const file of files) await store.getToFile(file.key, join(partial, basename(file.name)), file);
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
