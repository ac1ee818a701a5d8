/**
 * START HERE. What crosses Temporal: refs, run states and the activity interfaces. Types only.
 * Everything is small JSON: keys, digests, counters, metrics. Tensors and rows live on S3 and on local disks.
 */
import type { Job, MetricName } from '../job/schema.js';

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** Lower-case hex of 64 characters. */
export type Sha256 = Branded<string, 'Sha256'>;
/** Key of an object in the bucket. */
export type ObjectKey = Branded<string, 'ObjectKey'>;
/** Id of a run: the workflow id, and the name of its folder on S3. */
export type RunId = Branded<string, 'RunId'>;

export interface StoredFile {
  readonly name: string;
  readonly key: ObjectKey;
  readonly sha256: Sha256;
  readonly bytes: number;
}

/** The user's file as it was when the run was submitted. */
export interface SourceRef {
  readonly name: string;
  /** `images`: a folder of images, or a table of their paths, packed into one file (data/pack-images.ts). */
  readonly format: 'jsonl' | 'csv' | 'tsv' | 'images';
  readonly file: StoredFile;
}

/** A base model: the files of its folder, immutable and shared by all runs. */
export interface ModelRef {
  readonly name: string;
  /** Name of its family (models/families/). */
  readonly family: string;
  readonly files: readonly StoredFile[];
  readonly digest: Sha256;
}

/** Tokenised Arrow shards and their manifest (rows, labels, length histogram). */
export interface DatasetRef {
  readonly manifest: StoredFile;
  /** SHA-256 of (source, tokenizer, spec): the same input is prepared once. */
  readonly digest: Sha256;
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  /** Classes or tags; 0 where the task has none. */
  readonly classes: number;
  readonly stepsPerEpoch: number;
}

/** Where in the training a state stands. `epoch` counts whole epochs done, `cursor` the batches done in the current one. */
export interface Position {
  readonly step: number;
  readonly epoch: number;
  readonly cursor: number;
}

/** A state on S3: usable anywhere, for ever. */
export interface CheckpointRef extends Position {
  readonly kind: 'checkpoint';
  readonly run: RunId;
  readonly sequence: number;
  readonly lineage: Sha256;
  readonly stateDigest: Sha256;
}

/** A state on one host's disk: valid only in the session that made it. */
export interface Snapshot extends Position {
  readonly kind: 'snapshot';
  readonly session: string;
  readonly folder: string;
  readonly bytes: number;
  readonly lineage: Sha256;
  readonly stateDigest: Sha256;
}

export type StateRef = CheckpointRef | Snapshot;

/** Which tensors train. Names are worked out again from the job, so that only counts and a digest cross Temporal. */
export interface FreezePlan {
  readonly trainableTensors: number;
  readonly frozenTensors: number;
  readonly trainableParameters: number;
  readonly frozenParameters: number;
  /** SHA-256 of the sorted trainable names, a newline each. */
  readonly digest: Sha256;
  /** Whether the base's outputs are computed once and kept, and if not, why. Absent in runs of before 0.2. */
  readonly features?: { readonly reuse: boolean; readonly because: string };
}

/** What a frozen base makes of every example, in Arrow shards beside the data set's. */
export interface FeaturesRef {
  readonly manifest: StoredFile;
  /** SHA-256 of (model, data, preprocessing, numerics): shared by all runs that would compute the same. */
  readonly digest: Sha256;
  readonly width: number;
  /** All that they are of, and those that were computed when this run asked for them: 0 when everything was there. */
  readonly rows?: number;
  readonly computedRows?: number;
}

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

/** What every stage of a run is a function of. */
export interface RunContext {
  readonly run: RunId;
  readonly job: Job;
  readonly source: SourceRef;
  readonly model: ModelRef;
  readonly fork?: Fork;
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

// ── Activities of the shared queue ───────────────────────────────────────────────────────────────────────────────

export interface ControlActivities {
  /** Reads, cleans, splits and tokenises the source into Arrow shards. Cached by digest. */
  preprocess(input: RunContext): Promise<DatasetRef>;
  /** Which tensors train, by the job's patterns. Fails (not retryable) when a pattern matches nothing. */
  freezeLayers(input: { context: RunContext; dataset: DatasetRef }): Promise<FreezePlan>;
  /** Deletes what a cancelled run left: shards no manifest names; with `purge`, its checkpoints too. */
  cleanUp(input: { run: RunId; purge: boolean }): Promise<{ deletedObjects: number }>;
}

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
  findCheckpoint(input: { run: RunId; lineage: Sha256; adjustments?: readonly Adjustment[] }): Promise<FoundCheckpoint>;
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

// ── The workflow ─────────────────────────────────────────────────────────────────────────────────────────────────

export interface FineTuneInput extends RunContext {
  /** The firing of a schedule that started the run; absent of runs that a person started. */
  readonly firing?: Firing;
  /** State carried over by continue-as-new. */
  readonly carried?: CarriedState;
}

export interface CarriedState {
  readonly dataset: DatasetRef;
  readonly lineage: Sha256;
  readonly plan: FreezePlan;
  readonly features?: FeaturesRef;
  readonly fingerprint: Fingerprint;
  readonly commits: readonly CheckpointRef[];
  readonly committedAtMs: number;
  readonly observations: readonly Observation[];
  readonly sessions: readonly SessionRecord[];
  readonly startedAtMs: number;
  readonly paused: boolean;
  readonly stopped: boolean;
  readonly adjustments?: readonly Adjustment[];
}

export type Stage =
  | 'preprocess'
  | 'wait-for-device'
  | 'freezeLayers'
  | 'initializeModel'
  | 'computeFeatures'
  | 'trainEpoch'
  | 'validate'
  | 'uploadCheckpoint'
  | 'pausing'
  | 'paused'
  | 'recovering'
  | 'evaluate'
  | 'publishModel'
  | 'finished';

export type ResumeReason = 'start' | 'session-lost' | 'engine-failed' | 'preempted' | 'paused' | 'history-full';

/** One session of a run: `temper explain` tells these. */
export interface SessionRecord {
  readonly session: string;
  readonly host: string;
  readonly fingerprint: string;
  readonly reason: ResumeReason;
  /** What ended the session before, in words. */
  readonly detail: string;
  readonly openedAtMs: number;
  /** The checkpoint the session went on from; null at the start. */
  readonly from: { readonly sequence: number; readonly step: number } | null;
  /** Why that one: newest, or the ones above it that did not verify. */
  readonly passedOver: readonly string[];
  /** Newest step known to have been trained before; steps above `from.step` are done again. */
  readonly stepsRedone: number;
  /** From when the end of the session before was noticed (for a dead host: its heartbeat time-out) until this one held a device. */
  readonly recoveryMs: number;
  /** Time the redone steps had taken when they were done first. */
  readonly redoneMs: number;
}

export interface RunStatus {
  readonly run: RunId;
  readonly stage: Stage;
  readonly detail: string | null;
  readonly position: Position;
  readonly totalSteps: number | null;
  readonly stepsPerEpoch: number | null;
  readonly epochs: number;
  readonly trainLoss: number | null;
  readonly observations: readonly Observation[];
  readonly policy: PolicyState;
  readonly selectBest: MetricName;
  readonly lastCheckpoint: (CheckpointRef & { readonly committedAtMs: number }) | null;
  readonly plan: FreezePlan | null;
  readonly features: FeaturesRef | null;
  readonly dataset: DatasetRef | null;
  readonly sessions: readonly SessionRecord[];
  readonly startedAtMs: number;
  readonly evaluation: Evaluation | null;
  /** By `fromStep`. Absent in runs of before 0.3. */
  readonly adjustments?: readonly Adjustment[];
  readonly fork?: CheckpointRef | null;
}

export type FineTuneOutcome = 'completed' | 'stopped-early' | 'stopped';

export interface FineTuneResult {
  readonly run: RunId;
  readonly outcome: FineTuneOutcome;
  readonly best: CheckpointRef;
  readonly final: CheckpointRef;
  readonly evaluation: Evaluation;
  readonly model: PublishedModel;
  readonly plan?: FreezePlan;
  readonly features?: FeaturesRef | null;
  readonly observations: readonly Observation[];
  readonly sessions: readonly SessionRecord[];
  readonly adjustments?: readonly Adjustment[];
  readonly fork?: CheckpointRef | null;
}

// ── Schedules ────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a run knows of the firing that started it. It travels in the run's input, so continue-as-new keeps it, and in its memo. */
export interface Firing {
  readonly schedule: string;
  /** The nominal time, ISO 8601 in UTC: without jitter and without the wait for a run before it. */
  readonly scheduledAt: string;
  /** The run of the firing before it; null of the first. */
  readonly follows: RunId | null;
}

/** What the firings of a schedule train on: the file as it was when the schedule was created, or as it is when one fires. */
export type ScheduledSource = { readonly read: 'at-creation'; readonly source: SourceRef } | LiveSource;

export interface LiveSource {
  readonly read: 'at-firing';
  readonly name: string;
  readonly format: SourceRef['format'];
  /** An absolute path on the control worker's host, or `s3://bucket/key`. */
  readonly place: string;
}

/** What a schedule hands to each of its firings. */
export interface RetrainInput {
  readonly schedule: string;
  readonly job: Job;
  readonly model: ModelRef;
  readonly data: ScheduledSource;
}

export interface RetrainResult {
  readonly run: RunId;
  /** `already-run`: this firing had its run before. */
  readonly outcome: FineTuneOutcome | 'cancelled' | 'already-run';
}

export interface ScheduleActivities {
  /** Whether this firing has had its run, and the run of the firing before it, by the schedule's own record. */
  lookUpFiring(input: {
    readonly schedule: string;
    readonly firing: string;
    readonly startedAtMs: number;
  }): Promise<{ readonly hasRun: boolean; readonly before: RunId | null }>;
  /** Reads the data as they are now and puts them on S3, under their digest. */
  readSource(input: { readonly job: Job; readonly data: LiveSource }): Promise<SourceRef>;
}
