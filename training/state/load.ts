import { readSafetensorsHeader, readTensors, type SafetensorsHeader } from '../../models/safetensors.js';

/** What is assigned in one call. */
const AT_ONCE_BYTES = 32 * 2 ** 20;

/** Where pre-trained values are read from. */
export interface BaseWeights {
  /** Tensors that the base model's files hold, by our names. */
  readonly names: ReadonlySet<string>;
  /** Their values as our model has them, one in memory at a time. */
  read(names: Iterable<string>): AsyncIterable<{ readonly name: string; readonly values: Float32Array }>;
}

export interface LoadState {
  readonly variables: ReadonlyMap<string, readonly number[]>;
  readonly base: BaseWeights;
  readonly shardPaths: readonly string[];
  /** Whether a variable that no file holds begins at zero: the optimizer's slots before the first step. */
  readonly beginsAtZero: (name: string) => boolean;
  /** Average -> the weight it begins as. */
  readonly averages: ReadonlyMap<string, string>;
  readonly assignAll: (values: ReadonlyMap<string, Float32Array>) => void;
}

/**
 * Assigns every variable: from the shards where they hold it, else from the base's files, else what it begins as. A tensor of
 * another shape, or one that nobody expects, is refused before anything is assigned.
 */
export async function loadState({
  variables,
  base,
  shardPaths,
  beginsAtZero,
  averages,
  assignAll,
}: LoadState): Promise<void> {
  const shards = await Promise.all(shardPaths.map(readSafetensorsHeader));
  const stored = checkStored(shards, variables);
  const begins = new Map(Array.from(averages, ([average, weight]) => [weight, average]));
  const pending = new Map<string, Float32Array>();
  let pendingBytes = 0;
  const assign = (name: string, values: Float32Array): void => {
    pending.set(name, values);
    pendingBytes += values.byteLength;
    if (pendingBytes >= AT_ONCE_BYTES) flush();
  };
  const flush = (): void => {
    assignAll(pending);
    pending.clear();
    pendingBytes = 0;
  };
  const give = (name: string, values: Float32Array): void => {
    assign(name, values);
    const average = begins.get(name);
    if (average !== undefined && !stored.has(average)) assign(average, values);
  };
  const given = new Set(stored);
  for (const shard of shards) {
    for await (const { name, values } of readTensors(shard)) give(name, values as Float32Array);
  }
  const fromBase = [...base.names].filter((name) => variables.has(name) && !stored.has(name));
  for await (const { name, values } of base.read(fromBase)) {
    give(name, values);
    given.add(name);
  }
  for (const [name, shape] of variables) {
    if (given.has(name) || averages.has(name)) continue;
    if (!beginsAtZero(name)) throw new Error(`no file holds a value for ${name}`);
    assign(name, new Float32Array(shape.reduce((product, size) => product * size, 1)));
  }
  if (pending.size > 0) flush();
}

/** Names of the tensors that the shards hold. */
function checkStored(
  shards: readonly SafetensorsHeader[],
  variables: ReadonlyMap<string, readonly number[]>,
): ReadonlySet<string> {
  const stored = new Set<string>();
  for (const shard of shards) {
    for (const [name, { shape }] of shard.tensors) {
      const expected = variables.get(name);
      const found = `[${shape.join(', ')}]`;
      if (!expected) throw new Error(`${shard.path}: tensor ${name} ${found} belongs to nothing that this run trains`);
      if (`[${expected.join(', ')}]` !== found) {
        throw new Error(`${shard.path}: tensor ${name} has shape ${found}, expected [${expected.join(', ')}]`);
      }
      stored.add(name);
    }
  }
  return stored;
}
