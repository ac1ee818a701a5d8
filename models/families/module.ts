/**
 * A model that the user wrote: one JavaScript file that exports `createModel` (docs/own-models.md). The file is stored by its content like
 * any other model file, so it has to stand alone: it may import Node's own modules and nothing else.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { isBuiltin } from 'node:module';
import { nearest } from '../../job/nearest.js';
import type { Job } from '../../job/schema.js';
import { ModelError } from '../model-error.js';
import type { TensorSpec } from '../tensor-spec.js';

/** What the data of the job gives, and so what a batch is fed. */
export type ModuleInputs =
  /** `features` (rows, width), float32 */
  | { readonly kind: 'features'; readonly width: number }
  /** `pixels` (rows, height, width, channels), float32 */
  | { readonly kind: 'pixels'; readonly height: number; readonly width: number; readonly channels: number }
  /** `ids` (rows, bucket), int32, and `mask` (rows, bucket), float32: 1 for a token, 0 for padding */
  | { readonly kind: 'tokens'; readonly vocabulary: number; readonly maxLength: number };

export interface ModuleContext {
  readonly job: Job;
  /** Classes, tags, or 1 for a number. */
  readonly outputs: number;
  readonly inputs: ModuleInputs;
}

/** A tensor of a user's model; `block` (default 0) is what `freeze: { lastBlocks }` and layerDecay count by. */
export interface ModuleTensor extends TensorSpec {
  readonly block?: number;
}

/** What the module has to export. `Toolbox` and `Model` are types of training/models/module.ts. */
export type CreateModel<Toolbox = never, Model = { readonly tensors: readonly ModuleTensor[] }> = (
  toolbox: Toolbox,
  context: ModuleContext,
) => Model;

const IMPORTS =
  /(?:^|[\s;}])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|(?:^|[\s;}])import\s*\(?\s*['"]([^'"]+)['"]/g;

/**
 * Loads a user's module. Its code runs here.
 * @throws ModelError when it cannot be loaded, imports a file or a package, or does not export createModel.
 */
export async function loadModule(path: string): Promise<CreateModel> {
  const source = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new ModelError(`model: there is no file ${path}`);
    throw error;
  });
  if (!/\.m?js$/.test(path)) {
    throw new ModelError(`${path}: expected a JavaScript module (.mjs); compile TypeScript first (npx tsc)`);
  }
  for (const [, from, bare] of source.matchAll(IMPORTS)) {
    const imported = (from ?? bare)!;
    if (isBuiltin(imported)) continue;
    throw new ModelError(
      `${path}: it imports ${imported}, which is not stored with it: bundle it into the one file (npx esbuild --bundle --format=esm)`,
    );
  }
  const loaded = await importFile(path, createHash('sha256').update(source).digest('hex'));
  const create = loaded['createModel'];
  if (typeof create === 'function') return create as CreateModel;
  const found = Object.keys(loaded).join(', ') || 'nothing';
  throw new ModelError(
    `${path}: expected an export \`function createModel(toolbox, { job, outputs, inputs })\`, found ${found}`,
  );
}

/** `digest` is of the source: Node keeps what it imported by its address, also when the file has changed. */
async function importFile(path: string, digest: string): Promise<Record<string, unknown>> {
  try {
    // The one import whose target is data: the user's file, out of the folder where its content was verified.
    // eslint-disable-next-line no-restricted-syntax
    return (await import(`${pathToFileURL(path).href}?${digest}`)) as Record<string, unknown>;
  } catch (error) {
    throw new ModelError(`${path}: it cannot be loaded: ${(error as Error).message}`);
  }
}

/** Stands for a part of the toolbox where there is no TensorFlow: a model says its tensors without running ops. */
const later = (part: string): object =>
  new Proxy(() => undefined, {
    get: (_, inner) => later(`${part}.${String(inner)}`),
    apply() {
      throw new ModelError(`${part}(): the toolbox may be called inside features() and outputs() only`);
    },
  });

/**
 * The tensors that a module declares, base before head.
 * @throws ModelError for a list that is none, a name given twice, a shape that is none, and when no name begins with `head.`.
 */
export function moduleTensors(create: CreateModel, context: ModuleContext, path: string): readonly ModuleTensor[] {
  return checkTensors(callCreate(create, later('toolbox') as never, context, path).tensors, path);
}

/** @throws ModelError when createModel fails or does not return a model. */
export function callCreate<Toolbox, Model>(
  create: CreateModel<Toolbox, Model>,
  toolbox: Toolbox,
  context: ModuleContext,
  path: string,
): Model {
  let model: Model;
  try {
    model = create(toolbox, context);
  } catch (error) {
    throw new ModelError(`${path}: createModel failed: ${(error as Error).message}`);
  }
  const parts = ['tensors', 'features', 'outputs'] as const;
  const missing = parts.filter((part) => !(part in ((model ?? {}) as object)));
  if (missing.length === 0) return model;
  throw new ModelError(
    `${path}: createModel: expected an object with ${parts.join(', ')}, found none of ${missing.join(', ')}`,
  );
}

export function checkTensors(tensors: readonly ModuleTensor[], path: string): readonly ModuleTensor[] {
  if (!Array.isArray(tensors)) throw new ModelError(`${path}: tensors: expected a list of { name, shape }`);
  const known = new Set<string>();
  for (const [i, { name, shape }] of (tensors as readonly ModuleTensor[]).entries()) {
    if (typeof name !== 'string' || !/^[\w.-]+$/.test(name)) {
      const found = JSON.stringify(name) ?? 'none';
      throw new ModelError(`${path}: tensors[${i}].name: expected letters, digits, dots, dashes and _, found ${found}`);
    }
    if (!Array.isArray(shape) || !shape.every((size) => Number.isInteger(size) && (size as number) > 0)) {
      throw new ModelError(`${path}: ${name}: shape: expected whole numbers above 0, found ${JSON.stringify(shape)}`);
    }
    if (known.has(name)) throw new ModelError(`${path}: two tensors are called ${name}`);
    known.add(name);
  }
  const isHead = ({ name }: ModuleTensor) => name.startsWith('head.');
  if (!tensors.some(isHead)) {
    throw new ModelError(
      `${path}: expected tensors whose names begin with \`head.\`, which are new for every number of classes, found ${nearestHead(known)}`,
    );
  }
  return [...tensors.filter((tensor) => !isHead(tensor)), ...tensors.filter(isHead)];
}

const nearestHead = (names: ReadonlySet<string>): string => nearest('head', names) ?? [...names].slice(-1)[0] ?? 'none';

/** Block of a base tensor of a user's model. */
export const moduleBlockOf = (tensors: readonly ModuleTensor[], name: string): number =>
  tensors.find((tensor) => tensor.name === name)?.block ?? 0;
