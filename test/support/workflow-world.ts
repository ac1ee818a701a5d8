import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import {
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkerOptions,
  type WorkerTuner,
  type WorkflowBundleOption,
} from '@temporalio/worker';
import { partPaths } from '../../infra/parts.mjs';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { provide } from '../../infra/parts/on-demand.mjs';
import { temporalTestServer } from '../../infra/parts/temporal-test-server.mjs';
import type {
  CheckpointRef,
  ControlActivities,
  DataActivities,
  DataContext,
  DatasetRef,
  DecisionsRef,
  FineTuneInput,
  FineTuneResult,
  Fingerprint,
  FreezePlan,
  Metrics,
  ObjectKey,
  Observation,
  OpenSession,
  PartRange,
  PartsDone,
  Position,
  RunId,
  SessionActivities,
  Sha256,
  Snapshot,
} from '../../workflows/contract.js';
import { CONTROL_QUEUE, DATA_QUEUE, DEVICE_QUEUE, deviceQueueOf } from '../../workflows/handlers.js';
import { failureType } from '../../workflows/policies/failures.js';
import { versioned, type DeploymentVersion } from '../../workers/worker-options.js';
import { tinyJobWith } from './observations.js';
import type { JobSections } from './runs.js';

/**
 * The real workflow on a real server, over a make-believe device and store: a state is nothing but its step, so that every
 * failure can be had at will and at once.
 */
const bundle = join(repositoryRoot(), 'dist', 'workflow-bundle.js');

export async function startWorkflowServer(extraArgs: readonly string[] = []): Promise<TestWorkflowEnvironment> {
  prepare();
  return TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: partPaths().temporalCli },
      extraArgs: [...extraArgs],
      log: { format: 'pretty', level: 'error' },
    },
  });
}

function prepare(): void {
  if (!existsSync(bundle)) throw new Error(`${bundle} is not there: run \`npm run build\` first`);
  try {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
  } catch {
    // Another file of this process has installed it.
  }
}

/** The same with a clock that moves on when nothing runs. */
export async function startSkippingServer(): Promise<TestWorkflowEnvironment> {
  prepare();
  const path = await provide(temporalTestServer);
  return TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } });
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex') as Sha256;
export const digestAt = (step: number): Sha256 => sha256(`state at step ${step}`);
const lineage = sha256('lineage');
const file = (name: string) => ({ name, key: `key/${name}` as ObjectKey, sha256: sha256(name), bytes: 1 });

export const STEPS_PER_EPOCH = 10;
const dataset: DatasetRef = {
  manifest: file('manifest.json'),
  digest: sha256('dataset'),
  rows: { train: 40, validation: 10, test: 10 },
  classes: 4,
  stepsPerEpoch: STEPS_PER_EPOCH,
};
const plan: FreezePlan = {
  trainableTensors: 2,
  frozenTensors: 0,
  trainableParameters: 10,
  frozenParameters: 0,
  digest: sha256('plan'),
};
const fingerprint: Fingerprint = {
  digest: sha256('fingerprint'),
  hostClass: sha256('host class'),
  libtensorflow: '0',
  stepCompiler: '0',
  device: 'cpu',
  cpu: 'none',
  intraOpThreads: 1,
  interOpThreads: 1,
  mathMode: 'fp32',
};

const positionAt = (step: number): Position => ({
  step,
  epoch: Math.floor(step / STEPS_PER_EPOCH),
  cursor: step % STEPS_PER_EPOCH,
});

interface Committed {
  readonly ref: CheckpointRef;
  readonly observations: readonly Observation[];
  /** Why it does not verify. */
  damaged?: string;
}

type Deed =
  | Exclude<keyof SessionActivities, 'describeSession' | 'closeSession' | 'interrupt'>
  | keyof ControlActivities
  | keyof DataActivities
  | 'openSession';

/** What an activity does instead of, or before, its own: throws, waits, or answers. `undefined`: it goes on. */
type Twist = (call: {
  readonly n: number;
  readonly input: unknown;
  readonly session: SessionInWorld | null;
  /** From here on the activity is silent. */
  readonly stopBeating: () => void;
}) => unknown;

/** What a session holds: one at a time, whichever queue it came by. */
class OneDevice {
  #held: Promise<void> | null = null;

  async take(givenUp: Promise<never>): Promise<() => void> {
    while (this.#held) await Promise.race([this.#held, givenUp]);
    let release = (): void => undefined;
    this.#held = new Promise((resolve) => (release = resolve));
    return () => {
      this.#held = null;
      release();
    };
  }
}

interface SessionInWorld {
  readonly name: string;
  /** As if its worker gave up. */
  readonly end: () => void;
}

export class WorkflowWorld {
  readonly calls: string[] = [];
  readonly checkpoints: Committed[] = [];
  /** Losses of the epochs, in order; the last one for all after. */
  losses: readonly number[] = [1, 0.9, 0.8, 0.7, 0.6, 0.5];
  /** Resolves when the engine has confirmed that it will stop. */
  confirmsInterrupt: () => Promise<void> = () => Promise.resolve();
  interrupts = 0;
  /** Resolves when the worker has been told to close the session. */
  hearsClose: () => Promise<void> = () => Promise.resolve();
  keepsFeatures = false;
  /** Whether the data were prepared before; else they are of so many parts. */
  parts: number | 'prepared' = 'prepared';
  openSessions = 0;
  /** Ends the worker of workflows that was started first. */
  stopControl: () => Promise<void> = () => Promise.resolve();
  readonly #counts = new Map<Deed, number>();
  readonly #twists = new Map<Deed, Twist>();
  readonly #connections = new Set<NativeConnection>();
  readonly #workers: { worker: Worker; running: Promise<void> }[] = [];

  constructor(readonly env: TestWorkflowEnvironment) {}

  on(deed: Deed, twist: Twist): this {
    this.#twists.set(deed, twist);
    return this;
  }

  /** `tuner`: decides when the device's worker takes a session. */
  async start({ tuner, ...control }: ControlWorker & { tuner?: WorkerTuner } = {}): Promise<this> {
    this.stopControl = await this.startControl(control);
    for (const taskQueue of [DEVICE_QUEUE, deviceQueueOf(fingerprint.hostClass)]) {
      const activities = { openSession: (input: OpenSession) => this.#openSession(input) };
      await this.#serve({ taskQueue, activities, ...(tuner && { tuner }) });
    }
    await this.#serve({ taskQueue: DATA_QUEUE, activities: this.#data() });
    return this;
  }

  /** Workers with one device each, beside each other, and one for workflows. */
  async startFleet(devices: number): Promise<this> {
    this.stopControl = await this.startControl();
    for (let i = 0; i < devices; i++) {
      const connection = await NativeConnection.connect({ address: this.env.address });
      this.#connections.add(connection);
      const device = new OneDevice();
      const activities = { openSession: (input: OpenSession) => this.#openSession(input, device) };
      const oneSlot = { connection, activities, maxConcurrentActivityTaskExecutions: 1 };
      for (const taskQueue of [DEVICE_QUEUE, deviceQueueOf(fingerprint.hostClass)])
        await this.#serve({ taskQueue, ...oneSlot });
    }
    return this;
  }

  /** One more worker for workflows; what it returns ends it. */
  async startControl({ code = { codePath: bundle }, version, cached }: ControlWorker = {}): Promise<
    () => Promise<void>
  > {
    const activities = this.#all(null, {
      findDataset: () => (this.parts === 'prepared' ? dataset : null),
      preprocess: () => dataset,
      freezeLayers: () => ({ ...plan, features: { reuse: this.keepsFeatures, because: 'it was asked for' } }),
      cleanUp: () => ({ deletedObjects: 0 }),
    } satisfies Record<keyof ControlActivities, unknown>);
    const deployment = version && { workerDeploymentOptions: versioned(version) };
    const cache = cached !== undefined && { maxCachedWorkflows: cached };
    const more = { workflowBundle: code, taskQueue: CONTROL_QUEUE, activities, ...deployment, ...cache };
    // As in a process of its own: on one connection there is one worker of a queue.
    const connection = await NativeConnection.connect({ address: this.env.address });
    const { worker, running } = await this.#serve({ ...more, connection });
    this.#connections.add(connection);
    return async () => {
      worker.shutdown();
      await running;
      this.#connections.delete(connection);
      await connection.close();
    };
  }

  /** An upgrade: the worker of workflows ends, one of another version takes its runs over. */
  async replaceControl(control: ControlWorker): Promise<void> {
    await this.stopControl();
    this.stopControl = await this.startControl(control);
  }

  async stop(): Promise<void> {
    for (const { worker } of this.#workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all(this.#workers.map(({ running }) => running));
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    this.#connections.clear();
  }

  async begin(id: string, sections: JobSections = {}): Promise<WorkflowHandleWithFirstExecutionRunId> {
    const input: FineTuneInput = { run: id as RunId, ...dataContext(sections) };
    return this.env.client.workflow.start('fineTune', {
      workflowId: id,
      taskQueue: CONTROL_QUEUE,
      args: [input],
      workflowTaskTimeout: '5 seconds',
    });
  }

  async toTheEnd(id: string, sections: JobSections = {}): Promise<FineTuneResult> {
    return (await (await this.begin(id, sections)).result()) as FineTuneResult;
  }

  /** prepareData alone. */
  async beginPreparation(id: string, sections: JobSections = {}): Promise<WorkflowHandleWithFirstExecutionRunId> {
    return this.env.client.workflow.start('prepareData', {
      workflowId: id,
      taskQueue: CONTROL_QUEUE,
      args: [dataContext(sections)],
      workflowTaskTimeout: '5 seconds',
    });
  }

  called(deed: Deed): string[] {
    return this.calls.filter((call) => call.startsWith(`${deed} `) || call === deed);
  }

  async #openSession({ run, session }: OpenSession, device = new OneDevice()): Promise<void> {
    const context = Context.current();
    const n = (this.#counts.get('openSession') ?? 0) + 1;
    this.#counts.set('openSession', n);
    const beating = setInterval(() => context.heartbeat(null), 500);
    const stopBeating = () => clearInterval(beating);
    let release: () => void;
    try {
      await this.#twists.get('openSession')?.({ n, input: { run, session }, session: null, stopBeating });
      release = await device.take(context.cancelled);
    } catch (error) {
      stopBeating();
      throw error;
    }
    let close = (): void => undefined;
    const closed = new Promise<void>((resolve) => (close = resolve));
    const worker = await Worker.create({
      ...quickBeats,
      connection: this.env.nativeConnection,
      namespace: this.env.namespace ?? 'default',
      taskQueue: session,
      activities: this.#session(run, { name: session, end: close }),
      shutdownGraceTime: 200,
    });
    const running = worker.run();
    this.openSessions += 1;
    try {
      await Promise.race([closed, context.cancelled]);
    } catch (error) {
      throw error instanceof CancelledFailure ? new CancelledFailure('the session was given up') : error;
    } finally {
      this.openSessions -= 1;
      stopBeating();
      worker.shutdown();
      await running;
      release();
    }
  }

  #data() {
    type Parts = { readonly parts: PartRange };
    const made = ({ parts: { from, to } }: Parts): PartsDone => ({ found: 0, made: to - from });
    return this.#all(null, {
      cutSource: () =>
        this.parts === 'prepared'
          ? { kind: 'prepared', dataset }
          : { kind: 'cut', plan: { file: file('plan.json'), parts: this.parts } },
      surveyParts: made,
      decideDataset: (): DecisionsRef => ({ digest: sha256('decisions') }),
      encodeParts: made,
      assembleDataset: () => dataset,
    } satisfies Record<keyof DataActivities, unknown>);
  }

  #session(run: RunId, session: SessionInWorld) {
    const commit = (position: Position, observations: readonly Observation[]): CheckpointRef => {
      const sequence = (this.checkpoints.at(-1)?.ref.sequence ?? 0) + 1;
      const { step, epoch, cursor } = position;
      const stateDigest = digestAt(step);
      const ref: CheckpointRef = { kind: 'checkpoint', run, sequence, lineage, stateDigest, step, epoch, cursor };
      this.checkpoints.push({ ref, observations });
      return ref;
    };
    type Input<Name extends keyof SessionActivities> = Parameters<SessionActivities[Name]>[0];
    return {
      describeSession: () => Promise.resolve({ session: session.name, host: 'nowhere', pid: 1, slot: 0, fingerprint }),
      closeSession: async () => {
        await Promise.race([this.hearsClose(), Context.current().cancelled]);
        session.end();
      },
      interrupt: () => {
        this.interrupts += 1;
        return Promise.race([this.confirmsInterrupt(), Context.current().cancelled]);
      },
      ...this.#all(session, {
        findCheckpoint: () => {
          const own = this.checkpoints.filter(({ ref }) => ref.run === run);
          const damaged = own.filter((each) => each.damaged !== undefined);
          const sound = own.filter((each) => each.damaged === undefined).at(-1);
          return {
            ref: sound?.ref ?? null,
            observations: sound?.observations ?? [],
            damaged: damaged.map(({ ref, damaged: reason }) => ({ sequence: ref.sequence, reason: reason ?? '' })),
          };
        },
        initializeModel: () => commit(positionAt(0), []),
        computeFeatures: () => ({
          ...{ manifest: file('features.json'), digest: sha256('features'), width: 4, rows: 100, computedRows: 100 },
        }),
        trainEpoch: ({ from, until }: Input<'trainEpoch'>) => ({
          kind: 'trained',
          reason: 'reached',
          reached: snapshot(session.name, until.step),
          stats: { steps: until.step - from.step, examples: 1, trainSeconds: 1, meanLoss: 1 },
        }),
        validate: ({ at }: Input<'validate'>): Metrics => {
          const loss = this.losses[Math.min(at.epoch, this.losses.length) - 1] ?? 1;
          return { loss, accuracy: 0.5, f1: 0.5, examples: 10 };
        },
        uploadCheckpoint: ({ snapshot: { step }, commit: { observations } }: Input<'uploadCheckpoint'>) =>
          commit(positionAt(step), observations),
        evaluate: () => ({
          metrics: { loss: 1, accuracy: 0.5, f1: 0.5, examples: 10 },
          report: file('evaluation.json'),
        }),
        publishModel: () => ({ files: [file('model.safetensors')], bytes: 1 }),
      }),
    };
  }

  /** Writes down each call, and lets the twist have its say first. */
  #all(session: SessionInWorld | null, deeds: Partial<Record<Deed, (input: never) => unknown>>) {
    const entries = Object.entries(deeds) as [Deed, (input: unknown) => unknown][];
    return Object.fromEntries(
      entries.map(([deed, own]) => [
        deed,
        async (input: unknown) => {
          const context = Context.current();
          context.heartbeat();
          const beating = setInterval(() => context.heartbeat(), 500);
          const stopBeating = () => clearInterval(beating);
          try {
            const n = (this.#counts.get(deed) ?? 0) + 1;
            this.#counts.set(deed, n);
            this.calls.push(describe(deed, input));
            const twisted = this.#twists.get(deed)?.({ n, input, session, stopBeating });
            const said = await Promise.race([twisted, context.cancelled]);
            return said === undefined ? own(input) : said;
          } finally {
            stopBeating();
          }
        },
      ]),
    );
  }

  async #serve(more: Partial<WorkerOptions> & { taskQueue: string }) {
    const connection = this.env.nativeConnection;
    const worker = await Worker.create({
      connection,
      namespace: this.env.namespace ?? 'default',
      ...quickBeats,
      ...more,
    });
    const served = { worker, running: worker.run() };
    this.#workers.push(served);
    return served;
  }
}

/** A worker of workflows: the code that it runs, and of which version it says that it is. */
export interface ControlWorker {
  readonly code?: WorkflowBundleOption;
  readonly version?: DeploymentVersion;
  /** Runs that it keeps in memory; of others it replays the history at every task. */
  readonly cached?: number;
}

const quickBeats = { maxHeartbeatThrottleInterval: '1 second', defaultHeartbeatThrottleInterval: '1 second' } as const;

const snapshot = (session: string, step: number): Snapshot => ({
  kind: 'snapshot',
  session,
  folder: `/snapshots/${step}`,
  bytes: 1,
  lineage,
  stateDigest: digestAt(step),
  ...positionAt(step),
});

const dataContext = (sections: JobSections): DataContext => ({
  job: tinyJobWith(sections),
  source: { name: 'tiny.jsonl', format: 'jsonl', file: file('tiny.jsonl') },
  model: { name: 'tiny', family: 'bert', files: [file('model.safetensors')], digest: sha256('model') },
});

function describe(deed: Deed, input: unknown): string {
  const { parts } = (input ?? {}) as { readonly parts?: PartRange };
  if (parts) return `${deed} ${parts.from}-${parts.to}`;
  const { from, until, at, snapshot: stored } = (input ?? {}) as Record<string, { step: number } | undefined>;
  if (deed === 'trainEpoch') return `trainEpoch ${from?.step}-${until?.step}`;
  const step = at?.step ?? stored?.step;
  return step === undefined ? deed : `${deed} ${step}`;
}

export const never = (): Promise<never> => new Promise(() => undefined);
/** `step`: the one that it died in. */
export const engineDied = (step?: number) =>
  ApplicationFailure.create({
    type: failureType.engineDied,
    message: 'the engine was ended by SIGSEGV',
    details: [null, step === undefined ? null : { step }],
  });
export const userError = (message: string) =>
  ApplicationFailure.create({ type: failureType.user, nonRetryable: true, message });
