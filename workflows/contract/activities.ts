/** The activities of a run: those of the shared queue, and those of a device session. */
import type {
  CheckpointRef,
  DatasetRef,
  FeaturesRef,
  FreezePlan,
  Position,
  RunId,
  Sha256,
  Snapshot,
  StateRef,
  StoredFile,
} from './refs.js';
import type {
  Adjustment,
  DataContext,
  Fingerprint,
  Metrics,
  Observation,
  Pinned,
  RunContext,
  TrainingContext,
} from './context.js';

// ── Activities of the shared queue ───────────────────────────────────────────────────────────────────────────────

export interface ControlActivities {
  /** The data set, if it was prepared before. */
  findDataset(input: DataContext): Promise<DatasetRef | null>;
  /** All of prepareData in one activity, as runs of before 0.4 have it in their histories. */
  preprocess(input: DataContext): Promise<DatasetRef>;
  /** Which tensors train, by the job's patterns. Fails (not retryable) when a pattern matches nothing. */
  freezeLayers(input: { context: RunContext; dataset: DatasetRef }): Promise<FreezePlan>;
  /** Deletes what a cancelled run left: shards no manifest names; with `purge`, its checkpoints too. */
  cleanUp(input: { run: RunId; purge: boolean }): Promise<{ deletedObjects: number }>;
}

/** One that was acknowledged. */
export type KnownCheckpoint = Pick<CheckpointRef, 'sequence' | 'step'>;

export interface FoundCheckpoint {
  readonly ref: CheckpointRef | null;
  readonly observations: readonly Observation[];
  /** Sequence numbers that did not verify and were passed over, with the reason. */
  readonly damaged: readonly { readonly sequence: number; readonly reason: string }[];
}

// ── Activities of the device queue and of one session ───────────────────────────────────────────────────────────

export interface OpenSession {
  readonly run: RunId;
  /** Name of the session and of its task queue, with a fresh nonce. */
  readonly session: string;
  /** Absent on a run's first session: the host's own values are taken and pinned. */
  readonly pinned: Pinned | null;
  readonly threads: number | null;
  readonly tf32?: boolean;
}

export interface SessionHost {
  readonly session: string;
  readonly host: string;
  readonly pid: number;
  readonly slot: number;
  readonly fingerprint: Fingerprint;
}

export interface DeviceActivities {
  /** Takes a device slot and serves the session's queue until the session is closed; runs as long as the session. */
  openSession(input: OpenSession): Promise<void>;
}

/** An engine that died, or was killed because it hung, while it did this step. */
export interface EngineDeath {
  readonly step: number;
  readonly host: string;
  /** In words. */
  readonly how: string;
}

/** A step in which engines have died, one after another. */
export interface Suspect {
  readonly step: number;
  readonly deaths: readonly EngineDeath[];
}

export interface TrainUntil {
  /** Stop after this step: the end of the epoch or the next boundary. A hint, not a promise. */
  readonly step: number;
  /** Stop at the first step that ends later than this after the start. */
  readonly minutes: number | null;
}

export type StopReason = 'reached' | 'minutes' | 'interrupted';

export interface SegmentStats {
  readonly steps: number;
  readonly examples: number;
  /** Wall time of the steps alone, without restoring and compiling. */
  readonly trainSeconds: number;
  /** Of trainSeconds: how long steps waited for their batch. */
  readonly waitSeconds?: number;
  readonly meanLoss: number;
}

export type TrainedSegment =
  | { readonly kind: 'trained'; readonly reached: Snapshot; readonly reason: StopReason; readonly stats: SegmentStats }
  /** The worker is shutting down and has itself committed what was done. */
  | { readonly kind: 'preempted'; readonly ref: CheckpointRef; readonly stats: SegmentStats }
  /** Asked to stop before the first step: the state is the one it was given. */
  | { readonly kind: 'not-started'; readonly because: 'draining' | 'interrupted' };

/** What openSession and trainEpoch report with each heartbeat; `temper watch` draws it. */
export interface TrainProgress {
  readonly stage: 'restoring' | 'compiling' | 'computing-features' | 'training' | 'saving' | 'waiting-for-store';
  readonly position: Position;
  readonly loss: number | null;
  readonly learningRate: number | null;
  readonly examplesPerSecond: number | null;
  /** While it trains: share of the time that was spent waiting for a batch. */
  readonly waiting?: number | undefined;
  /** While features are computed. */
  readonly rows?: { readonly done: number; readonly total: number } | undefined;
}

/** What is written into a manifest beside the state. */
export interface CommitContext {
  readonly parent: CheckpointRef | null;
  readonly observations: readonly Observation[];
  /** Steps whose checkpoints stay besides the newest `last`. */
  readonly keepSteps: readonly number[];
}

export interface SessionActivities {
  describeSession(): Promise<SessionHost>;
  /**
   * The newest checkpoint of the lineage that verifies, fetched to this host. S3 is the truth, also when it is ahead of the
   * workflow; what is damaged is passed over and reported.
   */
  findCheckpoint(input: {
    run: RunId;
    lineage: Sha256;
    adjustments?: readonly Adjustment[];
    /** The newest that the workflow has heard of. Where its record is not, nothing to go on from is a failure, not a run to begin again. */
    known?: KnownCheckpoint;
  }): Promise<FoundCheckpoint>;
  /**
   * Pre-trained weights and a new head, architecture checked, committed as step 0; of a fork the state it began from. The lineage
   * is named here.
   */
  initializeModel(input: { context: RunContext; dataset: DatasetRef }): Promise<CheckpointRef>;
  /**
   * Runs the frozen base over every example, once, shard by shard; what is on S3 already is not computed again. null: it was
   * interrupted, or the worker is shutting down; what was computed stays.
   */
  computeFeatures(input: { context: TrainingContext; plan: FreezePlan; at: StateRef }): Promise<FeaturesRef | null>;
  trainEpoch(input: {
    context: TrainingContext;
    plan: FreezePlan;
    from: StateRef;
    until: TrainUntil;
    commit: CommitContext;
    /** If the engine dies in this step again, the run is over: what the step is a function of is stored first. */
    suspect?: Suspect;
  }): Promise<TrainedSegment>;
  validate(input: { context: TrainingContext; plan: FreezePlan; at: StateRef }): Promise<Metrics>;
  uploadCheckpoint(input: {
    context: TrainingContext;
    snapshot: Snapshot;
    commit: CommitContext;
  }): Promise<CheckpointRef>;
  /** Reads the test split, once, with the chosen checkpoint; writes the report with its error analysis. */
  evaluate(input: { context: TrainingContext; plan: FreezePlan; at: CheckpointRef }): Promise<Evaluation>;
  /** Writes the model as a Hugging Face folder beside the run's checkpoints. */
  publishModel(input: {
    context: TrainingContext;
    plan: FreezePlan;
    at: CheckpointRef;
    evaluation: Evaluation;
  }): Promise<PublishedModel>;
  /** Asks the engine to stop after its current step; answers at once. */
  interrupt(): Promise<void>;
  /** Gives the device back; openSession then ends. */
  closeSession(): Promise<void>;
}

export interface Evaluation {
  readonly metrics: Metrics;
  /** Confusions, per-class figures and the worst examples. */
  readonly report: StoredFile;
}

export interface PublishedModel {
  readonly files: readonly StoredFile[];
  readonly bytes: number;
}
