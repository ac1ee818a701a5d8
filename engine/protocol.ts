/**
 * What a worker and its engine say to each other, over the IPC channel of a child process. Types only.
 *
 * One request is under way at a time, except `interrupt`, which answers at once, and a state that is written while the next
 * request is served. Files travel by path: tensors and rows
 * never cross this channel. The engine does no network I/O; it ends when the channel closes.
 */
import type { DatasetManifest } from '../data/manifest.js';
import type { Job } from '../job/schema.js';
import type { ModuleInputs, ModuleTensor } from '../models/families/module.js';
import type { GenerationSettings } from '../models/generation-settings.js';
import type {
  Fingerprint,
  Metrics,
  Observation,
  Position,
  SegmentStats,
  Sha256,
  StopReason,
  TrainProgress,
  TrainUntil,
} from '../workflows/contract.js';

export interface ShardOnDisk {
  readonly path: string;
  readonly sha256: Sha256;
  readonly bytes: number;
  readonly tensors: number;
}

export interface StateOnDisk {
  readonly position: Position;
  readonly stateDigest: Sha256;
  readonly shards: readonly ShardOnDisk[];
}

/** Paths of shards by split, in their order. */
export interface ShardPaths {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/** Everything a trainer is built from. Loading the same again is free. */
export interface LoadRequest {
  /** Two requests with the same key mean the same model, data, job and trained tensors. */
  readonly key: string;
  readonly job: Job;
  /** The base model's files, or those of a published model. */
  readonly modelFolder: string;
  readonly dataset: DatasetManifest;
  readonly shards: ShardPaths;
  /** Kept outputs of the frozen base: only the head is built then. */
  readonly features: { readonly width: number; readonly shards: ShardPaths } | null;
  /** The table of data.augment.synonyms; needed to train. */
  readonly synonyms?: string | undefined;
  /** false: evaluate and predict only; no optimizer's state is made. */
  readonly train: boolean;
}

export interface EvaluationDetails {
  readonly metrics: Metrics;
  /** Classes or tags; none where a number or the next token is learnt. */
  readonly labels: readonly string[];
  /** Rows are true classes, columns predicted ones. */
  readonly confusion?: readonly (readonly number[])[];
  readonly perClass?: readonly {
    readonly label: string;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
    readonly auroc?: number | null;
    readonly auprc?: number | null;
  }[];
  /** Of numbers: predicted - true, the value below which the share `q` of them lies. */
  readonly residuals?: readonly { readonly q: number; readonly value: number }[];
  /** The examples that the model gets most wrong, worst first. */
  readonly worst: readonly WorstExample[];
  /** How the figures are to be read, where they are not exact. */
  readonly notes: readonly string[];
}

export interface WorstExample {
  readonly id: string;
  readonly text: string;
  readonly loss: number;
  readonly label?: string | number | readonly string[];
  readonly predicted?: string | number | readonly string[];
  /** Softmax score of the predicted class. */
  readonly confidence?: number;
}

/** One input to predict for, as the job's task reads it. */
export type PredictInput =
  | { readonly kind: 'text'; readonly text: string; readonly pair: string | null }
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'image'; readonly path: string }
  | { readonly kind: 'row'; readonly cells: Readonly<Record<string, unknown>> };

export interface PredictRequest {
  readonly inputs: readonly PredictInput[];
  /** Of causal-lm. */
  readonly generation: GenerationSettings;
}

export type Prediction =
  /** Softmax scores by class. */
  | { readonly kind: 'class'; readonly label: string; readonly scores: Readonly<Record<string, number>> }
  /** The classes with a score of one half or more, and the sigmoid score of each. */
  | { readonly kind: 'classes'; readonly labels: readonly string[]; readonly scores: Readonly<Record<string, number>> }
  /** One a word; null for a word that was cut off. */
  | { readonly kind: 'tags'; readonly tags: readonly (string | null)[] }
  | { readonly kind: 'value'; readonly value: number }
  /** What follows the input's text. */
  | { readonly kind: 'text'; readonly text: string };

/** A learning-rate range test (training/rate-range.ts and rate-advice.ts, which say what each is). */
export interface FoundRate {
  readonly points: readonly { readonly learningRate: number; readonly loss: number; readonly smoothed: number }[];
  readonly steepest: number | null;
  readonly lowest: number | null;
  readonly suggested: number | null;
  readonly stillFalling: boolean;
  readonly ended: 'range' | 'diverged' | 'interrupted';
}

/** Requests by name: what goes in, what comes back. */
export interface EngineRequests {
  /** The tensors of a user's module, which is tried on small random weights. Needs nothing loaded. */
  declareModule: {
    input: { job: Job; path: string; outputs: number; inputs: ModuleInputs };
    output: readonly ModuleTensor[];
  };
  /** What is new in the model, as the state of step 0. Needs nothing loaded. */
  initialize: {
    input: { job: Job; modelFolder: string; dataset: DatasetManifest; folder: string };
    output: StateOnDisk;
  };
  /** `trainableDigest`: see FreezePlan.digest. `warnings`: sentences about what works but not as it should. */
  load: {
    input: LoadRequest;
    output: { nodes: number; trainableDigest: Sha256; warnings: readonly string[] };
  };
  restore: { input: { shards: readonly string[]; position: Position }; output: void };
  /** Writes the features of one data shard (its place among the files of the manifest) as an Arrow file; null: interrupted. */
  computeFeatures: {
    input: { file: number; path: string };
    output: { sha256: Sha256; bytes: number; width: number } | null;
  };
  train: {
    /** `adjusted`: in place of what the loaded job says. `suspect`: a step that engines have died in; the black box tells its rows. */
    input: {
      until: TrainUntil;
      observations: readonly Observation[];
      folder: string;
      adjusted?: Pick<Job['train'], 'learningRate' | 'epochs'>;
      suspect?: number;
    };
    output: { reason: StopReason; stats: SegmentStats; state: StateOnDisk };
  };
  /**
   * As `train`, but in the middle of an epoch it is done when the state is read, so that the next steps can begin at once. `state` is
   * null then; the message `saved` says when it is written. At the end of an epoch, and when interrupted, it is done as `train` is.
   */
  trainAhead: {
    input: EngineRequests['train']['input'];
    output: { reason: StopReason; stats: SegmentStats; reached: Position; state: StateOnDisk | null };
  };
  /** Trains over growing rates from the restored state, which is lost. `interrupt` ends it with what there is. */
  findRate: { input: { steps: number; from: number; to: number }; output: FoundRate };
  evaluate: { input: { split: 'train' | 'validation' | 'test' }; output: EvaluationDetails };
  /** Writes the whole model as Hugging Face's classes load it: model.safetensors and config.json. */
  exportModel: { input: { folder: string }; output: readonly ExportedFile[] };
  /** Writes the loaded model in another form, and how its images are prepared; see ExportForm. `fixed`: see FrozenGraph. */
  exportForm: { input: { form: ExportForm; folder: string }; output: { fixed: readonly string[] } };
  predict: { input: PredictRequest; output: readonly Prediction[] };
  /** Of a folder that exportForm wrote. Needs nothing loaded. */
  predictExported: {
    input: { folder: string; job: Job; dataset: DatasetManifest; inputs: readonly PredictInput[] };
    output: readonly Prediction[];
  };
}

/** A TensorFlow SavedModel, a TensorFlow.js graph model, a TensorFlow.js layers model. */
export type ExportForm = 'saved-model' | 'tfjs-graph' | 'tfjs-layers';

export interface ExportedFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: Sha256;
  readonly bytes: number;
}

export type RequestName = keyof EngineRequests;

export type ToEngine =
  | { readonly kind: 'request'; readonly id: number; readonly name: RequestName; readonly input: unknown }
  | { readonly kind: 'interrupt' };

/** `user`: the input is wrong, trying again cannot help. `defect`: anything else. */
export type EngineFailureKind = 'user' | 'defect';

export type FromEngine =
  | { readonly kind: 'ready'; readonly fingerprint: Fingerprint }
  | { readonly kind: 'progress'; readonly progress: TrainProgress }
  /** A batch of something long is done: it gets on. */
  | { readonly kind: 'beat' }
  /** Every few seconds while the event loop turns, which says nothing of training: see PROVEN_BY_PROGRESS (client.ts). */
  | { readonly kind: 'alive' }
  /** A state that a training request went on from is on the disk. */
  | { readonly kind: 'saved'; readonly folder: string; readonly state: StateOnDisk }
  | {
      readonly kind: 'not-saved';
      readonly folder: string;
      readonly failure: EngineFailureKind;
      readonly message: string;
    }
  | { readonly kind: 'done'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: EngineFailureKind; readonly message: string };
