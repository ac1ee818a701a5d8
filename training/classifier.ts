import { bucketsOf, gather, inOrder, type Batch, type TokenTable } from './batches.js';
import { compile, type FunctionSpec, type Program } from './compile/program.js';
import type { ClassifierModel } from './model.js';
import { adamWFeeds, slotsOf } from './optimizers/adamw.js';
import { evaluateFunction, trainFunction, type StepSettings } from './train-functions.js';

/** What one evaluated example came to. */
export interface Prediction {
  readonly example: number;
  readonly label: number;
  readonly loss: number;
  /** Scores before softmax, one per class. */
  readonly logits: Float32Array;
}

export interface ClassifierSpec {
  readonly model: ClassifierModel;
  /** Names of the tensors that train; empty where the classifier only evaluates. */
  readonly trainable: readonly string[];
  readonly settings: StepSettings;
  /** Longest input: the tokenizer's limit. */
  readonly maxLength: number;
  readonly trainOn: readonly TokenTable[];
  readonly evaluateOn: readonly TokenTable[];
}

export interface StepResult {
  readonly loss: number;
  readonly gradientNorm: number;
}

/** Rows of an evaluation batch. Its results do not depend on it; only speed and memory do. */
const EVALUATION_ROWS = 32;

/** A model on the device with its optimizer state: compiled once per bucket, then stepped, evaluated, read and assigned. */
export class Classifier {
  /** Every variable with its shape: the tensors of the model, then the optimizer's slots. */
  readonly variables: ReadonlyMap<string, readonly number[]>;
  readonly #functions: Record<string, FunctionSpec> = {};
  readonly #optimizerFeeds: ReturnType<typeof adamWFeeds>;
  #program: Program;

  constructor(readonly spec: ClassifierSpec) {
    const shapes = new Map(spec.model.tensors.map(({ name, shape }) => [name, shape]));
    for (const name of spec.trainable) {
      const shape = shapes.get(name);
      if (!shape) throw new Error(`the model has no tensor ${name} to train`);
      for (const slot of slotsOf(name)) shapes.set(slot, shape);
    }
    this.variables = shapes;
    this.#optimizerFeeds = adamWFeeds(spec.settings);
    for (const length of bucketsOf(spec.trainOn, spec.maxLength)) {
      this.#functions[`train/${length}`] = trainFunction(spec.model, spec.trainable, spec.settings, length);
    }
    this.#addEvaluation(spec.evaluateOn);
    this.#program = compile({ variables: shapes, functions: this.#functions });
  }

  #addEvaluation(tables: readonly TokenTable[]): boolean {
    const missing = bucketsOf(tables, this.spec.maxLength).filter((length) => !this.#functions[`evaluate/${length}`]);
    for (const length of missing) {
      this.#functions[`evaluate/${length}`] = evaluateFunction(this.spec.model, EVALUATION_ROWS, length);
    }
    return missing.length > 0;
  }

  /** Makes every length of `table` ready for evaluate(). New lengths compile anew; the variables keep their values. */
  prepareFor(table: TokenTable): void {
    if (!this.#addEvaluation([table])) return;
    const before = this.#program;
    this.#program = compile({ variables: this.variables, functions: this.#functions });
    for (const name of this.variables.keys()) this.#program.assign(name, before.read(name));
    before.close();
  }

  get nodeCount(): number {
    return this.#program.nodeCount;
  }

  /** Runs the step that makes `step` steps done (1 for the first). `seed` is the run's. */
  trainStep(batch: Batch, seed: number, step: number, learningRate: number): StepResult {
    const { loss, gradientNorm } = this.#program.run(`train/${batch.bucket}`, {
      ids: batch.ids,
      mask: batch.mask,
      labels: batch.labels,
      rowWeights: batch.rowWeights,
      seed: Int32Array.of(seed, step),
      ...this.#optimizerFeeds(step, learningRate),
    });
    return { loss: loss![0]!, gradientNorm: gradientNorm![0]! };
  }

  /** Scores every example of `table`, in batches of like lengths; results come in that order. */
  *evaluate(table: TokenTable): Generator<Prediction> {
    for (const examples of inOrder(table, EVALUATION_ROWS)) {
      const batch = gather(table, examples, EVALUATION_ROWS, this.spec.maxLength);
      const { ids, mask, labels } = batch;
      const { logits, losses } = this.#program.run(`evaluate/${batch.bucket}`, { ids, mask, labels });
      const classes = logits!.length / EVALUATION_ROWS;
      for (let row = 0; row < batch.examples; row++) {
        yield {
          example: examples[row]!,
          label: labels[row]!,
          loss: losses![row]!,
          logits: logits!.slice(row * classes, (row + 1) * classes),
        };
      }
    }
  }

  read = (variable: string): Float32Array => this.#program.read(variable);
  assign = (variable: string, values: Float32Array): void => this.#program.assign(variable, values);
  close = (): void => this.#program.close();
}
