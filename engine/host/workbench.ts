import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { augmentPlan } from '../../data/augment/plan.js';
import type { DatasetManifest } from '../../data/manifest.js';
import type { Job } from '../../job/schema.js';
import { outputsOf } from '../../models/families/labels.js';
import { PREPROCESSOR_FILE } from '../../models/folder.js';
import { ModelError } from '../../models/model-error.js';
import { indexFeatures } from '../../training/examples/index-features.js';
import { withFeatures, type KeptFeatures } from '../../training/examples/kept-features.js';
import type { PixelScale } from '../../training/examples/image-examples.js';
import { openExamples, type OpenedExamples } from '../../training/examples/open-examples.js';
import type { StoredExamples } from '../../training/examples/stored-examples.js';
import { gatherThread, type GatherThread } from '../../training/feed/gather-thread.js';
import type { SavedState, StoredTensor } from '../../training/state/save.js';
import { precisionProblem } from '../../training/ops/precision.js';
import { deviceKind } from '../../training/tensorflow.js';
import { classWeightsOf } from '../../training/class-weights.js';
import { trainerFor } from '../../training/trainer-for.js';
import type { Trainer } from '../../training/trainer.js';
import type { Position, TrainProgress } from '../../workflows/contract.js';
import type { BlackBox } from '../black-box.js';
import { cpuFlags } from '../cpu.js';
import type { LoadRequest, ShardPaths } from '../protocol.js';
import { headOnly, openRunModel, type RunModel } from './run-model.js';

export type SplitName = keyof ShardPaths;

export interface Loaded {
  readonly key: string;
  readonly job: Job;
  readonly dataset: DatasetManifest;
  readonly shards: ShardPaths;
  readonly modelFolder: string;
  readonly run: RunModel;
  /** How the model wants its pixels. */
  readonly scale: PixelScale | undefined;
  readonly trainer: Trainer;
  readonly examples: Readonly<Record<SplitName, OpenedExamples>>;
  /** What the model is fed of a split: its examples, or what the frozen base made of them. */
  readonly fed: Readonly<Record<SplitName, StoredExamples>>;
  /** Gathers the batches that it is trained on. */
  readonly gatherer: GatherThread;
}

const REPORT_EVERY_MS = 200;
const BEAT_EVERY_MS = 1_000;
/** Stages that are reported with every step. */
const SO_OFTEN: ReadonlySet<TrainProgress['stage']> = new Set(['training', 'computing-features']);

/** What the engine has on its bench: a loaded trainer and where its state stands. */
export class Workbench {
  #loaded: Loaded | null = null;
  /** Position of the state in the variables; null when they hold none. */
  position: Position | null = null;
  /** Set by the worker at any time; the training loop looks at it between steps. */
  interrupted = false;
  /** Settled when the state that is written meanwhile is on the disk, or cannot be. */
  writing: Promise<unknown> = Promise.resolve();

  readonly #report: (progress: TrainProgress) => void;
  readonly #beat: () => void;
  #reportedMs = -Infinity;
  #beatMs = -Infinity;

  constructor(
    report: (progress: TrainProgress) => void,
    /** Whether code of a user's module may run in this process. */
    readonly allowModules = false,
    /** Tells the worker that something long gets on. */
    beat: () => void = () => undefined,
    readonly blackBox: BlackBox = { begins: () => undefined, clear: () => undefined },
    /** Tells the worker what became of a state that was written while training went on. */
    readonly tellWritten: (folder: string, saved: Promise<SavedState>) => void = () => undefined,
  ) {
    this.#report = report;
    this.#beat = beat;
  }

  /** Says where training stands: every change of stage, and steps a few times a second. */
  report(progress: TrainProgress): void {
    const nowMs = performance.now();
    if (SO_OFTEN.has(progress.stage) && nowMs - this.#reportedMs < REPORT_EVERY_MS) return;
    this.#reportedMs = nowMs;
    this.#report(progress);
  }

  /** Training goes on, or whatever is asked next, while this state is written. */
  writesMeanwhile(folder: string, saved: Promise<SavedState>): void {
    this.writing = saved.catch(() => undefined);
    this.tellWritten(folder, saved);
  }

  #gotOn(): void {
    const nowMs = performance.now();
    if (nowMs - this.#beatMs < BEAT_EVERY_MS) return;
    this.#beatMs = nowMs;
    this.#beat();
  }

  get loaded(): Loaded {
    if (!this.#loaded) throw new Error('engine: nothing is loaded');
    return this.#loaded;
  }

  async load(request: LoadRequest): Promise<Loaded> {
    if (this.#loaded?.key === request.key) return this.#loaded;
    this.unload();
    const { key, job, modelFolder, dataset, shards, features, synonyms } = request;
    const problem = precisionProblem(job.train.precision, deviceKind(), cpuFlags());
    if (problem !== null) throw new ModelError(`train.precision: ${problem}`);
    const run = await openRunModel(request, this.allowModules);
    const scale = dataset.kind === 'images' ? await imageScale(run, modelFolder) : undefined;
    const augment = features || !request.train ? undefined : await augmentPlan(job, modelFolder, synonyms);
    const open = (split: SplitName) =>
      openExamples(shards[split], dataset, scale, split === 'train' ? augment : undefined);
    const examples = { train: await open('train'), validation: await open('validation'), test: await open('test') };
    const kept = (split: SplitName): KeptFeatures | null =>
      features && indexFeatures(features.shards[split], features.width, examples[split].count);
    const keptOfTrain = kept('train');
    const feed = (split: SplitName, features = kept(split)): StoredExamples =>
      features ? withFeatures(examples[split], features) : examples[split];
    const fed = { train: feed('train', keptOfTrain), validation: feed('validation'), test: feed('test') };
    const gatherer = gatherThread({ source: examples.train.source, features: keptOfTrain });
    const trainer = trainerOf(request, run, fed);
    trainer.onBatch = () => this.#gotOn();
    this.#loaded = { key, job, dataset, shards, modelFolder, run, scale, trainer, examples, fed, gatherer };
    return this.#loaded;
  }

  /** What a snapshot holds: all that the base's files do not, and all of it that changes. To be read once, in order. */
  storedTensors(): StoredTensor[] {
    const { trainer, run } = this.loaded;
    const fixed = new Set(run.layout.frozen.filter((name) => run.base.names.has(name)));
    const stored = [...trainer.variables].filter(([name]) => !fixed.has(name) && !trainer.transient.has(name));
    stored.sort(([a], [b]) => (a < b ? -1 : 1)); // as they are written
    const read = trainer.reader(stored.map(([name]) => name));
    return stored.map(([name, shape]) => {
      const tensor = (): Float32Array => {
        this.#gotOn(); // many of them take long to write
        return read(name);
      };
      return { name, shape, read: tensor };
    });
  }

  unload(): void {
    this.#loaded?.trainer.close();
    void this.#loaded?.gatherer.close();
    for (const set of [this.#loaded?.examples ?? {}, this.#loaded?.fed ?? {}]) {
      for (const opened of Object.values<StoredExamples>(set)) opened.close();
    }
    this.#loaded = null;
    this.position = null;
  }
}

function trainerOf({ job, dataset, features, train }: LoadRequest, run: RunModel, fed: Loaded['fed']): Trainer {
  const { family, config, layout, model } = run;
  return trainerFor({
    job,
    model: features ? headOnly(model, features.width) : model,
    outputs: outputsOf(job, dataset.labels),
    deviation: run.target?.deviation,
    classWeights: classWeightsOf(job.data, dataset.labels, dataset.rowsPerClass.train),
    phases: train ? layout.phases : [],
    blocks: family.blocks(config),
    blockOf: (name) => family.blockOf(name, config),
    named: model.tensors,
    trainOn: train ? [fed.train] : [],
    evaluateOn: Object.values(fed),
  });
}

/** How this model wants its pixels. */
async function imageScale({ family, config }: RunModel, modelFolder: string): Promise<PixelScale> {
  const text = await readFile(join(modelFolder, PREPROCESSOR_FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  if (!family.imageNormalisation) throw new Error(`a ${family.name} model reads no images`);
  const normalisation = family.imageNormalisation(config, JSON.parse(text) as Record<string, unknown>);
  return { ...normalisation, grey: family.imageChannels?.(config) === 1 };
}
