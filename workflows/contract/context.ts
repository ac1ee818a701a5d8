/** What every stage of a run is a function of: the numerics, the metrics so far, what was adjusted. */
import type { CheckpointRef, DatasetRef, FeaturesRef, ModelRef, RunId, Sha256, SourceRef, StoredFile } from './refs.js';
import type { Job } from '../../job/schema.js';

/** What the numerics depend on (docs/exactness.md). Two hosts with the same digest give the same bits. */
export interface Fingerprint {
  readonly digest: Sha256;
  /** The part that the run cannot pin, without threads: names the device queue that a strict run goes on from. */
  readonly hostClass: Sha256;
  readonly libtensorflow: string;
  readonly stepCompiler: string;
  readonly device: string;
  readonly cpu: string;
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
  readonly mathMode: string;
}

/** What a run pins when it starts, and every later engine is spawned with. */
export interface Pinned {
  readonly intraOpThreads: number;
  readonly interOpThreads: number;
  /** train.precision is tf32: a matter of the process, not of the graph. */
  readonly tf32?: boolean;
}

/** Figures of a state on one split, by name: which ones there are depends on the task (job/metrics.ts). */
export interface Metrics {
  readonly loss: number;
  readonly examples: number;
  readonly [metric: string]: number;
}

/** Validation metrics of the state at `step`. The policy is a pure fold over these. */
export interface Observation extends Metrics {
  readonly step: number;
  readonly epoch: number;
}

export interface PolicyState {
  readonly best: Observation | null;
  /** Epochs since the early-stopping metric last improved. */
  readonly epochsWithoutImprovement: number;
  readonly shouldStop: boolean;
}

/** What `temper adjust` changes of a job while its run goes on. */
export interface JobChanges {
  readonly learningRate?: number;
  readonly epochs?: number;
  readonly patience?: number;
  readonly batchSize?: number;
  readonly checkpointMinutes?: number;
  readonly checkpointSteps?: number;
}

/** Changes that hold for all steps after `fromStep`. They stay tied to it, also when the run goes back to before it. */
export interface Adjustment {
  readonly fromStep: number;
  readonly changes: JobChanges;
}

/** The checkpoint that a run began from instead of its base model (`temper checkpoints fork`). */
export interface Fork {
  readonly from: CheckpointRef;
  /** Pin that holds the checkpoint until the new run has a copy of its own. */
  readonly pin: string;
  /** Validation results so far; schedule and early stopping fold over them. */
  readonly observations: readonly Observation[];
}

/** What prepared data are a function of. */
export interface DataContext {
  readonly job: Job;
  readonly source: SourceRef;
  readonly model: ModelRef;
}

/** What every stage of a run is a function of. */
export interface RunContext extends DataContext {
  readonly run: RunId;
  readonly fork?: Fork;
  /** The table of data.augment.synonyms as it was when the run was submitted. */
  readonly synonyms?: StoredFile;
}

/** The run with what the device stages need to know of it. */
export interface TrainingContext extends RunContext {
  readonly dataset: DatasetRef;
  /** Of the states before any adjustment. */
  readonly lineage: Sha256;
  /** By `fromStep`; what holds at a step is worked out from them (policies/adjustments.ts). Absent: none. */
  readonly adjustments?: readonly Adjustment[];
  /** The base's outputs, where nothing of it trains and they were computed before. */
  readonly features?: FeaturesRef;
}
