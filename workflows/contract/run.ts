/** The workflow fineTune: what it is given, what it says of itself, what it comes to. */
import type { CheckpointRef, DatasetRef, FeaturesRef, Firing, FreezePlan, Position, RunId, Sha256 } from './refs.js';
import type { Adjustment, Fingerprint, Observation, PolicyState, RunContext } from './context.js';
import type { Evaluation, PublishedModel } from './activities.js';
import type { MetricName } from '../../job/schema.js';

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
  readonly earlierSessions?: EarlierSessions;
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

export type ResumeReason =
  'start' | 'session-lost' | 'engine-failed' | 'disk-full' | 'preempted' | 'paused' | 'history-full';

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
  /** From when the session before was last heard of until this one held a device, what it took to notice its end included. */
  readonly recoveryMs: number;
  /** Time the redone steps had taken when they were done first. */
  readonly redoneMs: number;
}

/** What sessions cost that were opened for the same reason. */
export interface SessionsCost {
  readonly times: number;
  readonly stepsRedone: number;
  readonly recoveryMs: number;
  readonly redoneMs: number;
}

/** Sessions before those that are told one by one. */
export interface EarlierSessions {
  readonly count: number;
  readonly byReason: Readonly<Partial<Record<ResumeReason, SessionsCost>>>;
  /** How many of the next sessions had another fingerprint, the first of those told one by one included. */
  readonly fingerprintChanges: number;
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
  /** The newest; see `earlierSessions`. */
  readonly sessions: readonly SessionRecord[];
  /** Absent while all are told. */
  readonly earlierSessions?: EarlierSessions;
  readonly startedAtMs: number;
  /** A strict run goes on only on hosts of this class; null: on any, or it has not begun. Absent where an older worker answers. */
  readonly boundTo?: Fingerprint | null;
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
  readonly earlierSessions?: EarlierSessions;
  readonly adjustments?: readonly Adjustment[];
  readonly fork?: CheckpointRef | null;
}
