import { setCurrentDetails } from '@temporalio/workflow';
import type { Job } from '../job/schema.js';
import type {
  Adjustment,
  CarriedState,
  CheckpointRef,
  CommitContext,
  DatasetRef,
  Evaluation,
  FeaturesRef,
  Fingerprint,
  FineTuneInput,
  FineTuneOutcome,
  FreezePlan,
  Metrics,
  Observation,
  PolicyState,
  Position,
  RunStatus,
  SessionRecord,
  Stage,
  StateRef,
  Suspect,
  TrainingContext,
  TrainUntil,
} from './contract.js';
import { Adjusting } from './adjusting.js';
import { changesAfter, changesBefore, nextChange, pace } from './policies/adjustments.js';
import { nextBoundary } from './policies/boundaries.js';
import { policyOf } from './policies/early-stopping.js';
import { stepsToKeep } from './policies/keep.js';
import { best, ranked } from './policies/selection.js';
import { withSession, type KeptSessions } from './policies/session-sums.js';
import { told } from './policies/told.js';
import type { Device } from './device-session.js';

const START: Position = { step: 0, epoch: 0, cursor: 0 };
/** Sessions told in full. */
const SESSIONS_TOLD = 50;
const RECENT_COMMITS = 10;

/** Everything a run knows between two activities. */
export class RunState {
  stage: Stage = 'preprocess';
  /** The device while a session is open. */
  device: Device | null = null;
  /** What stands in the way, while something does. */
  detail: string | null = null;
  dataset: DatasetRef | null;
  lineage: CheckpointRef['lineage'] | null;
  plan: FreezePlan | null;
  features: FeaturesRef | null;
  fingerprint: Fingerprint | null;
  /** Where training stands; a snapshot is valid in its session only. */
  at: StateRef | null = null;
  /** Checkpoints that the workflow knows of, oldest first: the newest, and those that hold an observation. */
  commits: CheckpointRef[];
  committedAtMs: number;
  observations: Observation[];
  kept: KeptSessions;
  readonly adjusting: Adjusting;
  readonly startedAtMs: number;
  pauseRequested: boolean;
  stopRequested: boolean;
  trainLoss: number | null = null;
  evaluation: Evaluation | null = null;
  /** Where engines have died. */
  suspect: Suspect | null = null;
  /** At most one upload is under way; it never rejects unhandled. */
  uploadInFlight: Promise<void> = Promise.resolve();

  constructor(readonly input: FineTuneInput) {
    const carried = input.carried;
    this.dataset = carried?.dataset ?? null;
    this.lineage = carried?.lineage ?? null;
    this.plan = carried?.plan ?? null;
    this.features = carried?.features ?? null;
    this.fingerprint = carried?.fingerprint ?? null;
    this.commits = [...(carried?.commits ?? [])];
    this.observations = [...(carried?.observations ?? [])];
    this.kept = { sessions: carried?.sessions ?? [], earlier: carried?.earlierSessions ?? null };
    this.adjusting = new Adjusting(this, carried?.adjustments ?? []);
    this.startedAtMs = carried?.startedAtMs ?? Date.now();
    this.pauseRequested = carried?.paused ?? false;
    this.stopRequested = carried?.stopped ?? false;
    this.committedAtMs = carried?.committedAtMs ?? 0;
  }

  get job() {
    return this.input.job;
  }

  /** The job as it holds for the next step. */
  get jobNow(): Job {
    return this.adjusting.job;
  }

  get adjustments(): readonly Adjustment[] {
    return this.adjusting.made;
  }

  /** The furthest that the run is known to be; it may go back from there. */
  get position(): StateRef | Position {
    const begun = this.input.fork?.from ?? START;
    const [at, newest] = [this.at ?? begun, this.newestCommit ?? begun];
    return newest.step > at.step ? newest : at;
  }

  get newestCommit(): CheckpointRef | null {
    return this.commits.at(-1) ?? null;
  }

  /** The best observed step whose checkpoint is committed. */
  get bestCommit(): CheckpointRef | undefined {
    return ranked(this.#own, this.job.selectBest)
      .map(({ step }) => this.commits.find((commit) => commit.step === step))
      .find((commit) => commit !== undefined);
  }

  /** Why training is over; null while it is not. */
  get outcome(): FineTuneOutcome | null {
    if (this.stopRequested) return 'stopped';
    if (!this.at) return null;
    if (this.at.epoch >= this.jobNow.train.epochs) return 'completed';
    return this.policy.shouldStop ? 'stopped-early' : null;
  }

  get endsEpoch(): boolean {
    return this.at !== null && this.at.cursor === 0 && this.at.step > 0;
  }

  get policy(): PolicyState {
    return { ...policyOf(this.jobNow, this.observations), best: best(this.#own, this.job.selectBest) };
  }

  /** Of states that this run can go back to: those of before a fork are another run's. */
  get #own(): readonly Observation[] {
    const begun = this.input.fork?.from.step ?? 0;
    return this.observations.filter(({ step }) => step >= begun);
  }

  get context(): TrainingContext {
    const { run, job, source, model, fork, synonyms } = this.input;
    return {
      ...{ run, job, source, model, dataset: this.dataset!, lineage: this.lineage! },
      ...(fork && { fork }),
      ...(synonyms && { synonyms }),
      ...(this.features && { features: this.features }),
      ...(this.adjustments.length > 0 && { adjustments: this.adjustments }),
    };
  }

  /** Where the segment from `at` ends at the latest. */
  get boundary(): TrainUntil {
    const { jobNow: job, at, dataset } = this;
    const { stepsPerEpoch } = pace(job, at!, dataset!);
    return nextBoundary(job, at!, stepsPerEpoch, nextChange(this.adjustments, at!.step));
  }

  /** Batches are cut in another way from here on: the state is read into another graph, which takes a checkpoint. */
  get changesGraph(): boolean {
    if (this.at?.kind !== 'snapshot') return false;
    const { step } = this.at;
    return changesAfter(this.adjustments, step).batchSize !== changesBefore(this.adjustments, step).batchSize;
  }

  /** What a commit made now would say beside the state. */
  get commitContext(): CommitContext {
    const keepSteps = stepsToKeep(this.job, this.#own);
    return { parent: this.newestCommit, observations: this.observations, keepSteps };
  }

  enter(stage: Stage, detail: string | null = null): void {
    this.stage = stage;
    this.detail = detail;
    const { step, epoch } = this.at ?? START;
    setCurrentDetails(`**${stage}** · epoch ${epoch} of ${this.jobNow.train.epochs} · step ${step}`);
  }

  committed(ref: CheckpointRef): void {
    const best = new Set(stepsToKeep(this.job, this.#own));
    const before = this.commits.filter(({ sequence }) => sequence < ref.sequence);
    // The newest may yet turn out to be the best: their validation can come after their commit.
    const kept = before.filter(({ step }, i) => best.has(step) || i >= before.length - RECENT_COMMITS);
    this.commits = [...kept, ref];
    this.committedAtMs = Date.now();
    this.lineage ??= ref.lineage; // that of an adjusted state is worked out from it
  }

  /** Goes to a checkpoint, with the metrics of that step and before: what came after is done again. */
  rewindTo(ref: CheckpointRef | null): void {
    const step = ref?.step ?? -1;
    this.at = ref;
    this.observations = this.observations.filter((observation) => observation.step <= step);
    this.commits = this.commits.filter((commit) => commit.sequence < (ref?.sequence ?? 0));
    if (ref) this.commits.push(ref);
    this.uploadInFlight = Promise.resolve();
  }

  /** Notes the validation metrics of a state; of the same state again, once. */
  observe({ step, epoch }: Pick<Position, 'step' | 'epoch'>, metrics: Metrics): void {
    this.learn([{ ...metrics, step, epoch }]);
  }

  /** Notes observations that were made before, as a checkpoint's manifest has them. */
  learn(observations: readonly Observation[]): void {
    const byStep = new Map([...this.observations, ...observations].map((each) => [each.step, each]));
    this.observations = told(
      this.jobNow,
      [...byStep.values()].sort((a, b) => a.step - b.step),
    );
  }

  isObserved(step: number): boolean {
    return this.observations.some((observation) => observation.step === step);
  }

  /** An upload that fails is heard of by whoever awaits `uploadInFlight`. */
  startUpload(upload: Promise<CheckpointRef>): void {
    this.uploadInFlight = upload.then((ref) => this.committed(ref));
    this.uploadInFlight.catch(() => undefined);
  }

  tell(session: SessionRecord): void {
    this.kept = withSession(this.kept, session, SESSIONS_TOLD);
  }

  /** Its sessions as a status, a result and the next history have them. */
  get told(): Pick<RunStatus, 'sessions' | 'earlierSessions'> {
    const { sessions, earlier } = this.kept;
    return { sessions, ...(earlier && { earlierSessions: earlier }) };
  }

  carry(): CarriedState {
    const { dataset, lineage, plan, features, fingerprint } = this;
    if (!dataset || !lineage || !plan || !fingerprint) throw new Error('a run is carried over only after its start');
    const { commits, committedAtMs, observations, startedAtMs } = this;
    const asked = { paused: this.pauseRequested, stopped: this.stopRequested };
    return {
      dataset,
      lineage,
      plan,
      ...(features && { features }),
      fingerprint,
      commits,
      committedAtMs,
      observations,
      ...this.told,
      startedAtMs,
      ...asked,
      ...(this.adjustments.length > 0 && { adjustments: this.adjustments }),
    };
  }

  status(): RunStatus {
    const { dataset, plan, features, observations, startedAtMs, trainLoss, evaluation } = this;
    // From the request on, while whatever is under way ends and the upload waits for the store.
    const pausing = this.pauseRequested && this.stage !== 'paused' && this.stage !== 'finished';
    const stage: Stage = pausing ? 'pausing' : this.stage;
    const { step, epoch, cursor } = this.at ?? this.newestCommit ?? this.input.fork?.from ?? START;
    const newest = this.newestCommit;
    const { epochs } = this.jobNow.train;
    const steps = dataset && pace(this.jobNow, { step, epoch, cursor }, dataset);
    return {
      run: this.input.run,
      stage,
      detail: this.detail,
      position: { step, epoch, cursor },
      stepsPerEpoch: steps?.stepsPerEpoch ?? null,
      totalSteps: steps?.totalSteps ?? null,
      epochs,
      trainLoss,
      observations,
      policy: this.policy,
      selectBest: this.job.selectBest,
      lastCheckpoint: newest ? { ...newest, committedAtMs: this.committedAtMs } : null,
      plan,
      features,
      dataset,
      ...this.told,
      startedAtMs,
      boundTo: this.job.exactness === 'strict' ? this.fingerprint : null,
      evaluation,
      adjustments: this.adjustments,
      fork: this.input.fork?.from ?? null,
    };
  }
}
