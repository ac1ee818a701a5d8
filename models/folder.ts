/**
 * A base model's folder as Hugging Face has it: config.json, model.safetensors (or several files and their index), and what the
 * task needs: tokenizer.json (and tokenizer_config.json) for texts, preprocessor_config.json where there is one for images.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../job/schema.js';
import { findTensors, type BaseTensors, type ReadConfig } from './base-tensors.js';
import { parseObject } from './config-file.js';
import type { Family } from './families/family.js';
import { familyOf } from './families/index.js';
import { ModelError } from './model-error.js';
import { checkTokenizer, type TokenizerInfo } from './tokenizer-check.js';
import { readWeightsHeaders, WEIGHTS_FILE, WEIGHTS_INDEX_FILE, type WeightsHeaders } from './weights-files.js';

export { WEIGHTS_FILE, WEIGHTS_INDEX_FILE } from './weights-files.js';
export const CONFIG_FILE = 'config.json';
export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';
export const PREPROCESSOR_FILE = 'preprocessor_config.json';

export interface ModelFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

export interface ModelFolder extends ReadConfig, BaseTensors {
  readonly folder: string;
  /** The files that a run needs, by name; others in the folder are left alone. */
  readonly files: readonly ModelFile[];
  /** None where the run begins from random weights (`pretrained: false`). */
  readonly weights: WeightsHeaders;
  /** Null where the task has no text. */
  readonly tokenizer: TokenizerInfo | null;
}

/**
 * Checks everything about a base model that can be checked before a tensor is loaded. `labels` are the job's classes in order,
 * null where they are not known yet: then no head in the file is kept.
 * @throws ModelError: a file is missing or invalid; the tensors differ from the configuration (all differences listed);
 * the tokenizer does not load or does not fit.
 */
export async function inspectModelFolder(
  folder: string,
  job: Job,
  labels: readonly string[] | null = null,
): Promise<ModelFolder> {
  const names = await listFolder(folder);
  requireFiles(folder, job, names);
  const read = await readConfig(folder);
  read.family.checkJob?.(read.config, job);
  const weights: WeightsHeaders = job.pretrained ? await readWeightsHeaders(folder, names) : new Map();
  const where = join(folder, names.includes(WEIGHTS_FILE) ? WEIGHTS_FILE : WEIGHTS_INDEX_FILE);
  const found = job.pretrained
    ? findTensors(read, weights, job, labels, where)
    : { tensors: new Map(), ignored: [], replaced: [] };
  await read.family.checkWeights?.(weights);
  const tokenizer = readsText(job) ? await readTokenizer(folder, names, read) : null;
  const files = await Promise.all(
    filesOfRun(job, names, weights, read.family).map(async (name) => {
      const path = join(folder, name);
      return { name, path, bytes: (await stat(path)).size };
    }),
  );
  return { folder, ...read, files, weights, ...found, tokenizer };
}

/** @throws ModelError for a config.json that is none, of no known family, or not of one that can be trained. */
export async function readConfig(folder: string): Promise<ReadConfig> {
  const path = join(folder, CONFIG_FILE);
  const configJson = parseObject(await readFile(path, 'utf8'), path);
  const family = familyOf(configJson, path);
  return { family, config: family.parse(configJson, path), configJson };
}

/** The configuration with what the data decides of it. @throws ModelError where the two do not fit. */
export const configFor = (
  { family, config }: ReadConfig,
  dataset: { readonly kind: string; readonly width?: number },
): unknown =>
  family.forData && dataset.width !== undefined ? family.forData(config, { width: dataset.width }) : config;

const readsText = ({ task }: Job): boolean =>
  task === 'text-classification' || task === 'token-classification' || task === 'causal-lm';

function filesOfRun(job: Job, names: readonly string[], weights: WeightsHeaders, family: Family): string[] {
  const optional = [
    ...(family.ownFiles ?? []),
    ...(readsText(job) ? [TOKENIZER_FILE, TOKENIZER_CONFIG_FILE] : []),
    ...(job.task === 'image-classification' ? [PREPROCESSOR_FILE] : []),
    ...(job.pretrained && !names.includes(WEIGHTS_FILE) ? [WEIGHTS_INDEX_FILE] : []),
  ];
  return [CONFIG_FILE, ...weights.keys(), ...optional.filter((name) => names.includes(name))].sort();
}

async function listFolder(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new ModelError(`model: there is no folder ${folder}`);
    if (code === 'ENOTDIR') throw new ModelError(`model: expected a folder, found a file at ${folder}`);
    throw error;
  }
}

function requireFiles(folder: string, job: Job, names: readonly string[]): void {
  const hasWeights = names.includes(WEIGHTS_FILE) || names.includes(WEIGHTS_INDEX_FILE);
  const required = [
    CONFIG_FILE,
    ...(job.pretrained && !hasWeights ? [WEIGHTS_FILE] : []),
    ...(readsText(job) ? [TOKENIZER_FILE] : []),
  ];
  const missing = required.filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  const other = names.find((name) => /\.(?:bin|h5|onnx|msgpack)$/.test(name));
  const advice = names.includes('saved_model.pb')
    ? '; it has saved_model.pb, which cannot be trained on: export the model with --format safetensors'
    : missing.includes(WEIGHTS_FILE) && other !== undefined
      ? `; it has ${other}: save the model as safetensors (Python: model.save_pretrained(folder))`
      : `; expected a folder with ${listOf(required)}, as save_pretrained writes it`;
  throw new ModelError(`${folder}: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing${advice}`);
}

const listOf = (names: readonly string[]): string =>
  names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;

async function readTokenizer(
  folder: string,
  names: readonly string[],
  { family, config }: ReadConfig,
): Promise<TokenizerInfo> {
  const read = async (name: string) => parseObject(await readFile(join(folder, name), 'utf8'), join(folder, name));
  return checkTokenizer(
    await read(TOKENIZER_FILE),
    names.includes(TOKENIZER_CONFIG_FILE) ? await read(TOKENIZER_CONFIG_FILE) : {},
    family.vocabularySize?.(config) ?? Infinity,
    join(folder, TOKENIZER_FILE),
  );
}
