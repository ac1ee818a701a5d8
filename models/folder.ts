/** A base model's folder as Hugging Face has it: config.json, model.safetensors, tokenizer.json (and tokenizer_config.json). */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { architectureError, checkArchitecture } from './architecture-check.js';
import { parseBertConfig, type BertConfig } from './bert-config.js';
import { bertTensors, mapBertNames } from './bert-layout.js';
import { ModelError } from './model-error.js';
import { readSafetensorsHeader, SafetensorsError, type SafetensorsHeader, type TensorEntry } from './safetensors.js';
import { checkTokenizer, type TokenizerInfo } from './tokenizer-check.js';

export const CONFIG_FILE = 'config.json';
export const WEIGHTS_FILE = 'model.safetensors';
export const TOKENIZER_FILE = 'tokenizer.json';
export const TOKENIZER_CONFIG_FILE = 'tokenizer_config.json';

export interface ModelFile {
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

export interface ModelFolder {
  readonly folder: string;
  readonly family: 'bert';
  readonly config: BertConfig;
  /** The files that a run needs, by name; others in the folder are left alone. */
  readonly files: readonly ModelFile[];
  readonly weights: SafetensorsHeader;
  /** Encoder tensors by our name; `entry.name` is the name in the file. */
  readonly tensors: ReadonlyMap<string, TensorEntry>;
  /** Tensors in the file that training has no use for. */
  readonly ignored: readonly string[];
  readonly tokenizer: TokenizerInfo;
}

/**
 * Checks everything about a base model that can be checked before a tensor is loaded.
 * @throws ModelError: a file is missing or invalid; the tensors differ from the configuration (all differences listed);
 * the tokenizer does not load or does not fit.
 */
export async function inspectModelFolder(folder: string): Promise<ModelFolder> {
  const names = await listFolder(folder);
  const required = [CONFIG_FILE, WEIGHTS_FILE, TOKENIZER_FILE];
  const missing = required.filter((name) => !names.includes(name));
  if (missing.length > 0) throw missingFiles(folder, missing, names);

  const config = parseBertConfig(await readFile(join(folder, CONFIG_FILE), 'utf8'), join(folder, CONFIG_FILE));
  const weights = await readWeightsHeader(join(folder, WEIGHTS_FILE));
  const { tensors, ignored } = checkTensors(weights, config);
  const optional = names.includes(TOKENIZER_CONFIG_FILE) ? [TOKENIZER_CONFIG_FILE] : [];
  const tokenizer = checkTokenizer(
    await readJson(folder, TOKENIZER_FILE),
    optional.length > 0 ? await readJson(folder, TOKENIZER_CONFIG_FILE) : {},
    config,
    join(folder, TOKENIZER_FILE),
  );
  const files = await Promise.all(
    [...required, ...optional].sort().map(async (name) => {
      const path = join(folder, name);
      return { name, path, bytes: (await stat(path)).size };
    }),
  );
  return { folder, family: 'bert', config, files, weights, tensors, ignored, tokenizer };
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

function missingFiles(folder: string, missing: readonly string[], names: readonly string[]): ModelError {
  const other = names.find((name) => /\.(?:bin|h5|onnx|msgpack|index\.json)$/.test(name));
  const advice =
    missing.includes(WEIGHTS_FILE) && other !== undefined
      ? `; it has ${other}: save the model as one safetensors file (Python: model.save_pretrained(folder, max_shard_size="100GB"))`
      : '; expected a folder with config.json, model.safetensors and tokenizer.json, as save_pretrained writes it';
  return new ModelError(`${folder}: ${missing.join(' and ')} ${missing.length === 1 ? 'is' : 'are'} missing${advice}`);
}

async function readWeightsHeader(path: string): Promise<SafetensorsHeader> {
  try {
    return await readSafetensorsHeader(path);
  } catch (error) {
    if (error instanceof SafetensorsError) throw new ModelError(error.message);
    throw error;
  }
}

function checkTensors(weights: SafetensorsHeader, config: BertConfig) {
  const { inFile, ignored } = mapBertNames(weights.tensors.keys());
  const tensors = new Map(Array.from(inFile, ([name, fileName]) => [name, weights.tensors.get(fileName)!]));
  const found = Array.from(tensors, ([name, { shape }]) => ({ name, shape }));
  const check = checkArchitecture(found, bertTensors(config));
  if (!check.ok) throw architectureError(check, weights.path);
  const unreadable = Array.from(tensors).find(([, { dtype }]) => !['F32', 'F16', 'BF16'].includes(dtype));
  if (unreadable !== undefined) {
    const [name, { dtype }] = unreadable;
    throw new ModelError(
      `${weights.path}: expected weights of F32, F16 or BF16, found ${dtype} in ${name}: use an unquantised model`,
    );
  }
  return { tensors, ignored };
}

async function readJson(folder: string, name: string): Promise<object> {
  const path = join(folder, name);
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ModelError(`${path}: not valid JSON: ${error.message}`);
  }
  throw new ModelError(`${path}: expected a JSON object`);
}
