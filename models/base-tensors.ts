/** Which tensors of a model a file gives a run, which it has for nothing, and which head makes room for a new one. */
import type { Job } from '../job/schema.js';
import { architectureError, checkArchitecture, type ArchitectureCheck } from './architecture-check.js';
import type { Family } from './families/family.js';
import { outputsOf, problemType, saysSameHead } from './families/labels.js';
import { ModelError } from './model-error.js';
import { elementsOf } from './safetensors-header.js';
import { readTensors } from './safetensors.js';
import type { TensorSpec } from './tensor-spec.js';
import { tensorsOf, type FileTensor, type WeightsHeaders } from './weights-files.js';

/** A model's configuration: as its file has it, and as its family understands it. */
export interface ReadConfig {
  readonly family: Family;
  readonly config: unknown;
  readonly configJson: Readonly<Record<string, unknown>>;
}

export interface BaseTensors {
  /** By our name; `name` is the one in the file. The head's are among them only where it is this job's own. */
  readonly tensors: ReadonlyMap<string, FileTensor>;
  /** Tensors in the file that training has no use for, heads apart. */
  readonly ignored: readonly string[];
  /** Sentences on heads that make room for a new one. */
  readonly replaced: readonly string[];
}

/**
 * Finds the job's tensors in the files of a base model. `labels` null: not known yet, and no head is kept.
 * @throws ModelError listing every tensor of the base that is missing, unexpected or misshapen.
 */
export function findTensors(
  { family, config, configJson }: ReadConfig,
  headers: WeightsHeaders,
  job: Job,
  labels: readonly string[] | null,
  where: string,
): BaseTensors {
  const stored = tensorsOf(headers);
  const { inFile, ignored } = family.mapNames(stored.keys(), config, job);
  const mapped = Array.from(inFile, ([name, nameInFile]) => [name, stored.get(nameInFile)!] as const);
  const base = new Map(mapped.filter(([name]) => !isHead(name)));
  const head = new Map(mapped.filter(([name]) => isHead(name)));

  const check = compare(base, family.tensors(config, job), { family, config });
  if (!check.ok) throw architectureError(check, where);
  for (const [name, { dtype }] of base) {
    if (['F32', 'F16', 'BF16'].includes(dtype)) continue;
    throw new ModelError(
      `${where}: expected weights of F32, F16 or BF16, found ${dtype} in ${name}: use an unquantised model`,
    );
  }
  const own = labels === null ? null : ownHead({ family, config, configJson }, stored, job, labels);
  if (own !== null) {
    const used = new Set(Array.from(own.values(), ({ name }) => name));
    return { tensors: new Map([...base, ...own]), ignored: ignored.filter((name) => !used.has(name)), replaced: [] };
  }
  if (head.size === 0) return { tensors: base, ignored, replaced: [] };
  return { tensors: base, ignored, replaced: [replacement([...head.values()], job, labels)] };
}

const isHead = (name: string): boolean => name.startsWith('head.');

/** A tensor that its family converts on reading may have another shape in the file, but not another size. */
function compare(
  found: ReadonlyMap<string, FileTensor>,
  expected: readonly TensorSpec[],
  { family, config }: Pick<ReadConfig, 'family' | 'config'>,
): ArchitectureCheck {
  const shapes = new Map(expected.map(({ name, shape }) => [name, shape]));
  const asOurs = ([name, { shape }]: readonly [string, FileTensor]): TensorSpec => {
    const ours = shapes.get(name);
    if (family.shapeOf) return { name, shape: family.shapeOf(name, shape, config) };
    const converted = ours !== undefined && (family.convert?.(name, config) ?? null) !== null;
    return { name, shape: converted && elementsOf(ours) === elementsOf(shape) ? ours : shape };
  };
  return checkArchitecture(Array.from(found, asOurs), expected);
}

/** The head of a file that says that it is this job's own: of the same kind, for the same labels in the same order. */
function ownHead(
  { family, config, configJson }: ReadConfig,
  stored: ReadonlyMap<string, FileTensor>,
  job: Job,
  labels: readonly string[],
): ReadonlyMap<string, FileTensor> | null {
  const published = family.publish(configJson, config, job, labels);
  if (!saysSameHead(configJson, published.config as Record<string, unknown>)) return null;
  const expected = family.head(config, job, outputsOf(job, labels));
  const found = new Map<string, FileTensor>();
  for (const { name } of expected) {
    const tensor = stored.get(published.nameInFile(name));
    if (tensor && ['F32', 'F16', 'BF16'].includes(tensor.dtype)) found.set(name, tensor);
  }
  return compare(found, expected, { family, config }).ok ? found : null;
}

function replacement(head: readonly FileTensor[], job: Job, labels: readonly string[] | null): string {
  const weights = head
    .filter(({ shape }) => shape.length > 1)
    .map(({ name, shape }) => `${name} [${shape.join(', ')}]`);
  const named = weights.length > 0 ? weights.join(', ') : head.map(({ name }) => name).join(', ');
  return `the head ${named} is replaced by a new one${labels === null ? '' : ` of ${sizeOf(job, labels)}`}`;
}

function sizeOf(job: Job, labels: readonly string[]): string {
  if (problemType(job) === 'regression') return 'one number';
  return `${labels.length} ${job.task === 'token-classification' ? 'tags' : 'classes'}`;
}

/** Reads tensors of a base as our model has them: float32, converted by the family; one is in memory at a time. */
export async function* readBaseTensors(
  {
    family,
    config,
    weights,
    tensors,
  }: Pick<ReadConfig, 'family' | 'config'> & {
    readonly weights: WeightsHeaders;
    readonly tensors: ReadonlyMap<string, FileTensor>;
  },
  names: Iterable<string> = tensors.keys(),
): AsyncGenerator<{ readonly name: string; readonly values: Float32Array }> {
  const wanted = new Map<string, Map<string, string>>();
  for (const name of names) {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`the base model's files hold no value for ${name}`);
    if (!wanted.has(tensor.file)) wanted.set(tensor.file, new Map());
    wanted.get(tensor.file)!.set(tensor.name, name);
  }
  for (const [file, ours] of wanted) {
    for await (const { name, shape, values } of readTensors(weights.get(file)!, ours.keys())) {
      const convert = family.convert?.(ours.get(name)!, config);
      const floats = values as Float32Array;
      yield { name: ours.get(name)!, values: convert ? convert(floats, shape) : floats };
    }
  }
}
