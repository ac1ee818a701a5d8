/** A published model on this machine: a run's, fetched from S3 and verified, or a folder that `temper export` wrote. */
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Engine } from '../../engine/client.js';
import type { ExportForm } from '../../engine/protocol.js';
import type { Job } from '../../job/schema.js';
import { sha256OfFile } from '../../storage/digest.js';
import { materialize } from '../../storage/materialize.js';
import type { StoredFile } from '../../workflows/contract.js';
import { CliError } from '../../infra/errors.js';
import { withStore } from '../services.js';
import { modelCache, parseCard, publishedModel, type ModelCard } from './published-model.js';
import { withRuns } from './with-runs.js';

export interface ModelPlace {
  readonly folder: string;
  readonly form: 'safetensors' | 'exported';
  readonly card: ModelCard;
  /** Whether the code of a model that is a module may run here (docs/operations.md). */
  readonly allowModules: boolean;
}

const CARD = 'temper.json';
/** A file that only this form of an exported model has. */
const FORMS: Readonly<Record<string, ModelPlace['form']>> = {
  'model.safetensors': 'safetensors',
  'saved_model.pb': 'exported',
  'model.json': 'exported',
};

/** Of a run, or of a folder: what has a separator in it or is one. */
export const modelPlace = async (named: string): Promise<ModelPlace> =>
  (await isFolder(named)) ? exportedFolder(resolve(named), named) : publishedRun(named);

/** The model that a run published, fetched a first time, then out of the cache. */
export async function publishedRun(run: string): Promise<ModelPlace> {
  const { files, isEmbedded } = await withRuns(async (client, { source, storeSource }) => {
    const { files } = await publishedModel(client, run);
    return { files, isEmbedded: source === 'embedded' && storeSource === 'embedded' };
  });
  const card = files.find(({ name }) => name === CARD);
  if (!card || !files.some(({ name }) => name === 'model.safetensors')) {
    throw new CliError(`The model of ${run} has no model.safetensors or no ${CARD}.`);
  }
  const cache = modelCache(process.env);
  const name = `${run}-${card.sha256.slice(0, 16)}`;
  if (await damaged(join(cache, name), files)) await rm(join(cache, name), { recursive: true, force: true });
  const folder = await withStore((store) => materialize(store, files, cache, name));
  const setting = process.env['TEMPER_ALLOW_MODULES'] ?? (isEmbedded ? '1' : '0');
  return { folder, form: 'safetensors', card: await readCard(folder), allowModules: setting === '1' };
}

async function exportedFolder(folder: string, named: string): Promise<ModelPlace> {
  const names = await readdir(folder);
  const form = Object.entries(FORMS).find(([file]) => names.includes(file))?.[1];
  if (!form || !names.includes(CARD)) {
    const missing = form ? CARD : `one of ${Object.keys(FORMS).join(', ')}`;
    throw new CliError(`${named}: expected a folder that \`temper export\` wrote, found none of its ${missing}.`);
  }
  const allowModules = process.env['TEMPER_ALLOW_MODULES'] === '1';
  return { folder, form, card: await readCard(folder), allowModules };
}

const readCard = async (folder: string): Promise<ModelCard> => parseCard(await readFile(join(folder, CARD), 'utf8'));

async function isFolder(named: string): Promise<boolean> {
  const found = await stat(named).catch(() => null);
  if (found?.isDirectory()) return true;
  if (!named.includes('/')) return false;
  throw new CliError(`There is no folder ${named}.`);
}

/** Disks forget, and people edit: a folder that was there before is used only when every file is as it was published. */
async function damaged(folder: string, files: readonly StoredFile[]): Promise<boolean> {
  const same = files.map(({ name, sha256 }) =>
    sha256OfFile(join(folder, name)).then(
      (found) => found.sha256 === sha256,
      () => false,
    ),
  );
  return (await Promise.all(same)).includes(false);
}

/** Has the engine hold a model of the form `safetensors`. */
export async function loadPublished(engine: Engine, { folder, card }: ModelPlace): Promise<void> {
  await engine.request('load', {
    key: folder,
    job: asPublished(card.job),
    modelFolder: folder,
    dataset: card.data,
    shards: { train: [], validation: [], test: [] },
    features: null,
    train: false,
  });
  await engine.request('restore', { shards: [], position: { step: 0, epoch: 0, cursor: 0 } });
}

/**
 * The folder holds everything: adapters are merged in, averages have taken the weights' place. Predictions are in single precision, on
 * every machine and in every form alike.
 */
function asPublished({ lora: _, ...job }: Job): Job {
  return { ...job, freeze: 'none', pretrained: true, train: { ...job.train, ema: undefined, precision: 'float32' } };
}

/** What `--format` names besides safetensors. */
export const exportForms: readonly ExportForm[] = ['saved-model', 'tfjs-graph', 'tfjs-layers'];
