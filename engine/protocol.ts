/**
 * What a worker and its engine say to each other, over the IPC channel of a child process. Types only.
 *
 * One request is under way at a time, except `interrupt`, which answers at once. Files travel by path: tensors and rows
 * never cross this channel. The engine does no network I/O; it ends when the channel closes.
 */
import type { Job } from '../job/schema.js';
import type {
  Fingerprint,
  Metrics,
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

/** Everything a classifier is built from. Loading the same again is free. */
export interface LoadRequest {
  /** Two requests with the same key mean the same model, data, job and trained tensors. */
  readonly key: string;
  readonly job: Job;
  readonly modelFolder: string;
  readonly labels: readonly string[];
  readonly shards: {
    readonly train: readonly string[];
    readonly validation: readonly string[];
    readonly test: readonly string[];
  };
  /** Names of the tensors that train, sorted; empty: evaluate only. */
  readonly trainable: readonly string[];
}

export interface WorstExample {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly predicted: string;
  readonly loss: number;
  /** Softmax score of the predicted class. */
  readonly confidence: number;
}

export interface EvaluationDetails {
  readonly metrics: Metrics;
  readonly labels: readonly string[];
  /** Rows are true classes, columns predicted ones. */
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly { label: string; precision: number; recall: number; f1: number; support: number }[];
  readonly worst: readonly WorstExample[];
}

export interface TextPrediction {
  readonly text: string;
  readonly label: string;
  readonly scores: Readonly<Record<string, number>>;
}

/** Requests by name: what goes in, what comes back. */
export interface EngineRequests {
  /** The new head, as the state of step 0. Needs no loaded classifier. */
  initialize: { input: { job: Job; modelFolder: string; classes: number; folder: string }; output: StateOnDisk };
  load: { input: LoadRequest; output: { nodes: number } };
  restore: { input: { shards: readonly string[]; position: Position }; output: void };
  train: {
    input: { until: TrainUntil; folder: string };
    output: { reason: StopReason; stats: SegmentStats; state: StateOnDisk };
  };
  evaluate: { input: { split: 'train' | 'validation' | 'test' }; output: EvaluationDetails };
  /** Writes the whole model, base and trained tensors, as one safetensors file. */
  exportModel: { input: { path: string }; output: { sha256: Sha256; bytes: number } };
  predict: { input: { texts: readonly string[] }; output: readonly TextPrediction[] };
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
  /** Every few seconds while the event loop turns: an engine that says nothing for long hangs. */
  | { readonly kind: 'alive' }
  | { readonly kind: 'done'; readonly id: number; readonly output: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: EngineFailureKind; readonly message: string };
