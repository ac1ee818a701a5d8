import { weighedByClass } from './class-weights.js';
import { compile, type FeedValues, type FunctionSpec, type Program } from './compile/program.js';
import type { Examples, GatherAt, Gathered } from './examples/examples.js';
import { gatherBatch } from './feed/gather-batch.js';
import { bucketOf, bucketsOf, inOrder } from './examples/order.js';
import { accumulatorOf } from './optimizers/accumulate.js';
import { averageOf } from './optimizers/ema.js';
import { elementsOf } from '../models/safetensors-header.js';
import { inBatches } from './in-batches.js';
import { rowOf } from './evaluation/evaluator.js';
import {
  accumulateFunction,
  evaluateFunction,
  featuresFunction,
  trainFunction,
  type StepSpec,
} from './step-functions.js';

/** Tensors that train from an epoch on, until the next phase begins. */
export interface Phase {
  readonly fromEpoch: number;
  readonly trainable: readonly string[];
}

export interface TrainerSpec extends StepSpec {
  /** One for all epochs, more for gradual unfreezing; none where nothing trains. */
  readonly phases: readonly Phase[];
  readonly trainOn: readonly Examples[];
  readonly evaluateOn: readonly Examples[];
  /** What a row of each class weighs in training; null: 1. */
  readonly classWeights: Float32Array | null;
}

/** Which step: `step` is the number of the one that it makes done, 1 for the first; `seed` is the run's. */
export interface StepAt extends GatherAt {
  readonly learningRate: number;
}

export interface StepResult {
  readonly loss: number;
  /** Before clipping. */
  readonly gradientNorm: number;
}

/** What the model says of one example; all values are views of its batch. */
export interface Evaluated {
  readonly example: number;
  /** See StepSpec.evaluated. */
  readonly outputs: Float32Array;
  /** One per output row. */
  readonly losses: Float32Array;
  /** Its own by the objective's names. */
  readonly targets: Readonly<Record<string, FeedValues>>;
}

/** What is read or assigned at once. */
const BATCH_BYTES = 32 * 2 ** 20;

/**
 * Whatever the batch size, so that a run of another one measures the same to the last bit, which on some CPUs depends on a
 * product's rows. Fewer of long inputs: a language model's outputs are (positions, vocabulary).
 */
const EVALUATION_ROWS = 32;
const EVALUATION_POSITIONS = 4096;
/** No example is longer; what it is padded to is what the job allows. */
const MAX_LENGTH = 2 ** 30;
/** Whatever the batch size: kept features are shared by runs, and the last bits of a product depend on its rows. */
const FEATURE_ROWS = 32;

/** A model on the device with its optimizer's state: compiled once per phase and bucket, then stepped, evaluated, read and assigned. */
export class Trainer {
  /** Every variable with its shape: tensors of the model, the optimizer's slots, averages, accumulators. */
  readonly variables: ReadonlyMap<string, readonly number[]>;
  /** Names of variables that are zero between two steps, so that no checkpoint need hold them. */
  readonly transient: ReadonlySet<string>;
  /** Tensors that ever train. */
  readonly trainable: readonly string[];
  readonly #functions: Record<string, FunctionSpec> = {};
  readonly #warnings = new Set<string>();
  /** Called before each batch of evaluate() and features(), which may be many. */
  onBatch: () => void = () => undefined;
  #program: Program;

  constructor(readonly spec: TrainerSpec) {
    const { model, optimizer, settings, phases } = spec;
    const variables = new Map(model.tensors.map(({ name, shape }) => [name, shape]));
    this.trainable = [...new Set(phases.flatMap(({ trainable }) => trainable))].sort();
    const transient = new Set<string>();
    for (const name of this.trainable) {
      const shape = variables.get(name);
      if (!shape) throw new Error(`the model has no tensor ${name} to train`);
      for (const [slot, slotShape] of optimizer.slots(name, shape)) variables.set(slot, slotShape);
      if (settings.ema !== null) variables.set(averageOf(name), shape);
      if (settings.accumulate > 1) transient.add(accumulatorOf(name));
      if (settings.accumulate > 1) variables.set(accumulatorOf(name), shape);
    }
    this.variables = variables;
    this.transient = transient;

    for (const bucket of bucketsOf(spec.trainOn)) {
      phases.forEach(({ trainable }, phase) => {
        this.#functions[`train/${phase}/${bucket}`] = trainFunction(spec, trainable, bucket);
        if (settings.accumulate === 1) return;
        this.#functions[`accumulate/${phase}/${bucket}`] = accumulateFunction(spec, trainable, bucket);
      });
    }
    this.#add('evaluate', spec.evaluateOn);
    this.#program = this.#compile();
  }

  /** A function with an op that no graph can hold runs op by op: many times slower, with the same results. */
  #compile(): Program {
    return compile({
      variables: this.variables,
      functions: this.#functions,
      onUncompilable: (name, problem) => {
        this.#warnings.add(`${name} is not compiled and runs op by op, many times slower: ${problem.message}`);
      },
    });
  }

  /** Sentences about what works but not as it should. */
  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  /** Adds what is missing; true when something was. */
  #add(kind: 'evaluate' | 'features', sets: readonly Examples[]): boolean {
    const averaged = new Set(this.spec.settings.ema === null ? [] : this.trainable);
    const rows = rowsOfBatches(kind, sets);
    const missing = bucketsOf(sets).filter((bucket) => !this.#functions[`${kind}/${rows}x${bucket}`]);
    for (const bucket of missing) {
      this.#functions[`${kind}/${rows}x${bucket}`] =
        kind === 'evaluate'
          ? evaluateFunction(this.spec, averaged, rows, bucket)
          : featuresFunction(this.spec, rows, bucket);
    }
    return missing.length > 0;
  }

  /** Makes every length of `examples` ready for evaluate() or features(). New lengths compile anew; the variables keep their values. */
  prepareFor(examples: Examples, kind: 'evaluate' | 'features' = 'evaluate'): void {
    if (!this.#add(kind, [examples])) return;
    const before = this.#program;
    this.#program = this.#compile();
    for (const names of this.#batches([...this.variables.keys()])) {
      const values = before.readAll(names);
      this.#program.assignAll(new Map(names.map((name, i) => [name, values[i]!])));
    }
    before.close();
  }

  get nodeCount(): number {
    return this.#program.nodeCount;
  }

  /** See Program.digest. */
  get graphDigest(): string {
    return this.#program.digest;
  }

  /** Gathers the micro-batches of a step, lists of examples, and runs it. */
  trainStep(examples: Examples, batches: readonly Int32Array[], at: StepAt): StepResult {
    const { batchSize } = this.spec.settings;
    return this.runStep(
      batches.map((batch) => gatherBatch(examples, batch, batchSize, at)),
      at,
    );
  }

  /** Runs a step on its gathered micro-batches. The loss is the mean over the rows of all of them, as they weigh. */
  runStep(gathered: readonly Gathered[], at: StepAt): StepResult {
    const phase = this.spec.phases.findLastIndex(({ fromEpoch }) => fromEpoch <= at.epoch);
    const { classWeights } = this.spec;
    const weightsOf = gathered.map(({ feeds }) =>
      classWeights ? weighedByClass(feeds, classWeights) : feeds['weights']!,
    );
    let total = 0;
    for (const weights of weightsOf) for (const weight of weights) total += weight;
    const normaliser = Float32Array.of(total);

    let loss = 0;
    const last = gathered.length - 1;
    for (const [i, { bucket, feeds }] of gathered.entries()) {
      const inputs = {
        ...feeds,
        weights: weightsOf[i]!,
        normaliser,
        seed: Int32Array.of(microSeed(at.seed, i), at.step),
      };
      if (i < last) {
        loss += this.#program.run(`accumulate/${phase}/${bucket}`, inputs)['loss']![0]!;
        continue;
      }
      const rates = { learningRate: Float32Array.of(at.learningRate), ...this.spec.optimizer.feeds(at.step) };
      const fetched = this.#program.run(`train/${phase}/${bucket}`, { ...inputs, ...rates });
      return { loss: loss + fetched['loss']![0]!, gradientNorm: fetched['gradientNorm']![0]! };
    }
    throw new Error('a step has at least one batch');
  }

  /** Outputs and losses of every example, in batches of like lengths; results come in that order. */
  *evaluate(examples: Examples): Generator<Evaluated> {
    const rows = rowsOfBatches('evaluate', [examples]);
    for (const { batch, bucket, feeds, fetched } of this.#runAll('evaluate', examples)) {
      const targets = Object.keys(this.spec.objective.targets(rows, bucket));
      for (let row = 0; row < batch.length; row++) {
        yield {
          example: batch[row]!,
          outputs: rowOf(fetched['outputs']!, row, rows),
          losses: rowOf(fetched['losses']!, row, rows),
          targets: Object.fromEntries(targets.map((name) => [name, rowOf(feeds[name]!, row, rows)])),
        };
      }
    }
  }

  /** Features of every example; see Model.features. */
  *features(examples: Examples): Generator<{ readonly example: number; readonly features: Float32Array }> {
    for (const { batch, fetched } of this.#runAll('features', examples)) {
      for (let row = 0; row < batch.length; row++) {
        yield { example: batch[row]!, features: rowOf(fetched['features']!, row, FEATURE_ROWS) };
      }
    }
  }

  *#runAll(kind: 'evaluate' | 'features', examples: Examples) {
    const rows = rowsOfBatches(kind, [examples]);
    for (const batch of inOrder(examples, rows)) {
      this.onBatch();
      const bucket = bucketOf(examples, batch);
      const name = `${kind}/${rows}x${bucket}`;
      const feeds = examples.gather(batch, rows, bucket);
      yield { batch, bucket, feeds, fetched: this.#program.run(name, feeds) };
    }
  }

  read = (variable: string): Float32Array => this.#program.read(variable);
  assign = (variable: string, values: Float32Array): void => this.#program.assign(variable, values);
  assignAll = (values: ReadonlyMap<string, Float32Array>): void => this.#program.assignAll(values);

  /** Reads these variables in their order, many at once and few in memory; each value can be had once. */
  reader(variables: readonly string[]): (variable: string) => Float32Array {
    const batches = this.#batches(variables);
    const held = new Map<string, Float32Array>();
    return (variable) => {
      while (!held.has(variable)) {
        const names = batches.shift();
        if (!names) throw new Error(`${variable} was read before, or is not among those that were to be read`);
        this.#program.readAll(names).forEach((values, i) => held.set(names[i]!, values));
      }
      const values = held.get(variable)!;
      held.delete(variable);
      return values;
    };
  }

  /** Variables that together are not much for memory, in their order. */
  #batches(names: readonly string[]): string[][] {
    const sized = names.map((name) => ({ name, bytes: 4 * elementsOf(this.variables.get(name)!) }));
    return inBatches(sized, BATCH_BYTES).map((batch) => batch.map(({ name }) => name));
  }

  close = (): void => this.#program.close();
}

/** Each micro-batch of a step draws masks of its own; the first those of a step without accumulation. */
const microSeed = (seed: number, i: number): number => (seed ^ Math.imul(i, 0x9e3779b1)) | 0;

function rowsOfBatches(kind: 'evaluate' | 'features', sets: readonly Examples[]): number {
  if (kind === 'features') return FEATURE_ROWS;
  const longest = Math.max(1, ...sets.map((set) => set.bucketFor(MAX_LENGTH)));
  return Math.max(1, Math.min(EVALUATION_ROWS, Math.floor(EVALUATION_POSITIONS / longest)));
}
