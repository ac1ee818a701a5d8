import { EventEmitter, once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SessionDesk } from '../../../activities/dependencies.js';
import { deskOf } from '../../../activities/engine-desk.js';
import { graphOf } from '../../../activities/session/state-input.js';
import { trainEpoch } from '../../../activities/session/train-epoch.js';
import { endAhead } from '../../../activities/session/training-job.js';
import { uploadCheckpoint } from '../../../activities/session/upload-checkpoint.js';
import type { Engine } from '../../../engine/client.js';
import type { EngineRequests, StateOnDisk } from '../../../engine/protocol.js';
import type {
  Position,
  SessionActivities,
  Snapshot,
  StateRef,
  StopReason,
  TrainedSegment,
} from '../../../workflows/contract.js';
import { tinyJobWith } from '../../support/observations.js';
import { startS3Server, type S3Server } from '../../support/s3-server.js';
import { digestOf, lineage } from '../../storage/checkpoint/states.js';

type Asked = EngineRequests['train']['input'];
type Input = Parameters<SessionActivities['trainEpoch']>[0];
type Upload = Parameters<SessionActivities['uploadCheckpoint']>[0];

const STEPS_PER_EPOCH = 12;

/** Does what it is told: which segments an engine is asked for, and when, is what these tests are about. */
class EngineOnPaper extends EventEmitter {
  readonly asked: Asked[] = [];
  readonly restored: number[] = [];
  interrupts = 0;
  readonly #answers: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];

  trainAhead(input: Asked): Promise<unknown> {
    this.asked.push(input);
    const answer = new Promise((resolve, reject) => this.#answers.push({ resolve, reject }));
    this.emit('asked');
    return answer;
  }

  request(name: string, { position }: { position: Position }): Promise<void> {
    if (name === 'restore') this.restored.push(position.step);
    return Promise.resolve();
  }

  interrupt(): void {
    this.interrupts++;
    this.emit('interrupt');
  }

  /** The `i`th segment is trained up to `step`; its state is on the disk when the promise `written` says so. */
  async ends(i: number, step: number, reason: StopReason = 'minutes', written: Promise<void> = Promise.resolve()) {
    while (this.asked.length <= i) await once(this, 'asked');
    const reached = { step, epoch: Math.floor(step / STEPS_PER_EPOCH), cursor: step % STEPS_PER_EPOCH };
    const { folder } = this.asked[i]!;
    await mkdir(folder, { recursive: true });
    const saved = written.then((): StateOnDisk => ({
      position: reached,
      stateDigest: digestOf(`${step}`),
      shards: [],
    }));
    const stats = { steps: step, examples: step, trainSeconds: 1, waitSeconds: 0, meanLoss: step };
    this.#answers[i]!.resolve({ reason, stats, reached, saved });
  }

  async fails(i: number, why: string): Promise<void> {
    while (this.asked.length <= i) await once(this, 'asked');
    await mkdir(this.asked[i]!.folder, { recursive: true });
    this.#answers[i]!.reject(new Error(why));
  }
}

let workFolder: string;
let engine: EngineOnPaper;
let session: SessionDesk;

beforeEach(async () => {
  workFolder = await mkdtemp(join(tmpdir(), 'temper-train-epoch-'));
  engine = new EngineOnPaper();
  const desk = deskOf(engine as unknown as Engine);
  Object.assign(desk, { owner: 'session', loaded: graphOf(asInput(0)), holds: digestOf('0') });
  const flags = { draining: false, interruptRequested: false };
  const statesFolder = join(workFolder, 'states');
  session = { desk, workFolder, statesFolder, host: { session: 'session' }, ...flags } as unknown as SessionDesk;
});
afterEach(() => rm(workFolder, { recursive: true, force: true }));

/** What the workflow asks to go on from the state of a step. */
function asInput(
  step: number,
  more: { run?: string; adjustments?: unknown } = {},
  from: Partial<StateRef> = {},
): Input {
  const position = { step, epoch: Math.floor(step / STEPS_PER_EPOCH), cursor: step % STEPS_PER_EPOCH };
  const dataset = { digest: 'data', rows: { train: STEPS_PER_EPOCH } };
  const job = tinyJobWith({ train: { batchSize: 1 }, checkpoint: { everyMinutes: 1 } });
  return {
    context: { run: 'run', job, model: { digest: 'model', files: [] }, dataset, lineage, ...more },
    plan: { digest: 'plan' },
    from: { kind: 'snapshot', session: 'session', stateDigest: digestOf(`${step}`), ...position, ...from },
    until: { step: STEPS_PER_EPOCH, minutes: 1 },
    commit: { parent: null, observations: [], keepSteps: [] },
  } as unknown as Input;
}

const train = (input: Input): Promise<TrainedSegment> =>
  new MockActivityEnvironment().run((asked: Input) => trainEpoch(session)(asked), input);
const uploaded = (): void => session.desk.snapshots.clear();

/** The first segment, up to step 3 in the middle of an epoch, and its snapshot uploaded. */
async function trainedToThree() {
  const first = train(asInput(0));
  await engine.ends(0, 3);
  const trained = await first;
  if (trained.kind !== 'trained') throw new Error(trained.kind);
  return trained.reached;
}

test('in the middle of an epoch the engine goes on, and the next activity attaches to what it does', async () => {
  const reached = await trainedToThree();
  expect(reached).toMatchObject({ step: 3, stateDigest: digestOf('3') });
  expect(engine.asked).toHaveLength(2); // before anybody asked
  expect(engine.asked[1]).toMatchObject({ until: { step: STEPS_PER_EPOCH, minutes: 1 } });
  uploaded();
  const second = train(asInput(3));
  await engine.ends(1, 7);
  expect(await second).toMatchObject({ kind: 'trained', reached: { step: 7 } });
  expect(engine.asked).toHaveLength(3);
  expect([engine.interrupts, engine.restored]).toEqual([0, []]);
});

test('the snapshot is answered when it is on the disk, and training goes on before', async () => {
  let written = (): void => undefined;
  const first = train(asInput(0));
  await engine.ends(0, 3, 'minutes', new Promise((resolve) => (written = resolve)));
  while (engine.asked.length < 2) await once(engine, 'asked');
  let answered = false;
  void first.then(() => (answered = true));
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  written();
  expect(await first).toMatchObject({ kind: 'trained', reached: { step: 3 } });
});

test.each([
  { what: 'at the end of an epoch, which is validated', step: STEPS_PER_EPOCH, reason: 'reached' as const },
  { what: 'when training was interrupted', step: 3, reason: 'interrupted' as const },
])('$what, the engine waits', async ({ step, reason }) => {
  const first = train(asInput(0));
  await engine.ends(0, step, reason);
  await first;
  expect(engine.asked).toHaveLength(1);
  expect(session.desk.holds).toBe(digestOf(`${step}`));
});

test('the engine goes on by one segment, which is not gone on from until somebody asks for it', async () => {
  await trainedToThree();
  uploaded();
  await engine.ends(1, 5);
  await session.desk.ahead!.result;
  expect(engine.asked).toHaveLength(2);
  expect(await train(asInput(3))).toMatchObject({ kind: 'trained', reached: { step: 5 } });
  expect(engine.asked).toHaveLength(2); // it had ended before it was asked for
});

test('the engine does not go on while a snapshot waits for its upload', async () => {
  await trainedToThree();
  const second = train(asInput(3)); // the snapshot of step 3 is not uploaded
  await engine.ends(1, 5);
  await second;
  expect(engine.asked).toHaveLength(2);
});

test('what was guessed wrongly is ended, leaves nothing on the disk, and the state that is wanted is read again', async () => {
  const reached = await trainedToThree();
  const adjusted = train(asInput(3, { adjustments: [{ fromStep: 3, changes: { learningRate: 0.5 } }] }, reached));
  await once(engine, 'interrupt');
  await engine.ends(1, 4, 'interrupted');
  await engine.ends(2, STEPS_PER_EPOCH, 'reached');
  expect(await adjusted).toMatchObject({ kind: 'trained', reached: { step: STEPS_PER_EPOCH } });
  expect(engine.restored).toEqual([3]);
  expect(engine.asked[2]).toMatchObject({ adjusted: { learningRate: 0.5 } });
  expect(existsSync(engine.asked[1]!.folder)).toBe(false);
});

test('whoever else wants the engine ends what it does unasked', async () => {
  await trainedToThree();
  const ending = endAhead(session.desk);
  expect(engine.interrupts).toBe(1);
  await engine.ends(1, 4, 'interrupted');
  await ending;
  expect([session.desk.ahead, existsSync(engine.asked[1]!.folder)]).toEqual([null, false]);
});

test('a session that was given up does not go on: its engine may serve another', async () => {
  const first = train(asInput(0));
  await once(engine, 'asked');
  session.desk.owner = null;
  await engine.ends(0, 3);
  await first;
  expect([engine.asked.length, session.desk.ahead]).toEqual([1, null]);
});

test('what failed unasked fails who attaches to it, and is begun anew by the next', async () => {
  await trainedToThree();
  uploaded();
  const failing = train(asInput(3));
  await expect(Promise.all([failing, engine.fails(1, 'no space')])).rejects.toThrow('no space');
  expect([session.desk.training, session.desk.ahead]).toEqual([null, null]);
  expect(existsSync(engine.asked[1]!.folder)).toBe(false);
});

test('an adjustment that holds from the end of the epoch on does not make the guess a wrong one', async () => {
  const reached = await trainedToThree();
  uploaded();
  const fromEpochEnd = [{ fromStep: STEPS_PER_EPOCH, changes: { epochs: 9 } }];
  const second = train(asInput(3, { adjustments: fromEpochEnd }, reached));
  await engine.ends(1, STEPS_PER_EPOCH, 'reached');
  expect(await second).toMatchObject({ kind: 'trained', reached: { step: STEPS_PER_EPOCH } });
  expect([engine.interrupts, engine.asked.length]).toEqual([0, 2]);
});

test('who asked training to stop gets what was done unasked, too', async () => {
  let written = (): void => undefined;
  const first = train(asInput(0));
  await engine.ends(0, 3, 'minutes', new Promise((resolve) => (written = resolve)));
  while (engine.asked.length < 2) await once(engine, 'asked');
  session.interruptRequested = true;
  written();
  await engine.ends(1, 4, 'interrupted');
  const trained = await first;
  expect(trained).toMatchObject({ kind: 'trained', reason: 'interrupted', reached: { step: 4 }, stats: { steps: 7 } });
  expect(existsSync(engine.asked[0]!.folder)).toBe(false);
  expect(await train(asInput(0))).toEqual(trained); // asked again, when the answer was lost
});

describe('with a store', () => {
  let server: S3Server;
  beforeAll(async () => void (server = await startS3Server()));
  afterAll(() => server.stop());
  beforeEach(() => {
    const host = { session: 'session', fingerprint: { digest: 'test' } };
    session = Object.assign(session, { store: server.open(), settled: new Map(), host });
  });

  const upload = (run: string, snapshot: Snapshot) => {
    const { context, commit } = asInput(0, { run });
    return new MockActivityEnvironment().run((asked: Upload) => uploadCheckpoint(session)(asked), {
      context,
      commit,
      snapshot,
    } as unknown as Upload);
  };

  test('a worker that shuts down commits how far the engine came, and tells of all that was trained', async () => {
    let written = (): void => undefined;
    const first = train(asInput(0, { run: 'drained' }));
    await engine.ends(0, 3, 'minutes', new Promise((resolve) => (written = resolve)));
    while (engine.asked.length < 2) await once(engine, 'asked');
    session.draining = true;
    written();
    await once(engine, 'interrupt');
    await engine.ends(1, 5, 'interrupted');
    expect(await first).toMatchObject({
      kind: 'preempted',
      ref: { run: 'drained', sequence: 1, step: 5, stateDigest: digestOf('5') },
      stats: { steps: 8, examples: 8, trainSeconds: 2, meanLoss: (3 * 3 + 5 * 5) / 8 },
    });
    expect(engine.asked.map(({ folder }) => existsSync(folder))).toEqual([false, false]);
  });

  test('it commits the snapshot before first, and the upload of that is answered', async () => {
    const reached = await trainedToThree();
    session.draining = true;
    const second = train(asInput(3, { run: 'in-order' }, reached));
    await engine.ends(1, 5, 'interrupted');
    expect(await second).toMatchObject({ kind: 'preempted', ref: { sequence: 2, step: 5 } });
    expect(await upload('in-order', reached)).toMatchObject({ sequence: 1, step: 3 });
  });

  test('a snapshot that was uploaded while a wrong guess was ended is read as the checkpoint that it has become', async () => {
    const reached = await trainedToThree();
    const changed = { run: 'uploaded', adjustments: [{ fromStep: 3, changes: { learningRate: 0.5 } }] };
    const adjusted = train(asInput(3, changed, reached));
    await once(engine, 'interrupt');
    expect(await upload('uploaded', reached)).toMatchObject({ sequence: 1, step: 3 });
    expect(existsSync(reached.folder)).toBe(false);
    await engine.ends(1, 4, 'interrupted');
    await engine.ends(2, STEPS_PER_EPOCH, 'reached');
    expect(await adjusted).toMatchObject({ kind: 'trained', reached: { step: STEPS_PER_EPOCH } });
    expect(engine.restored).toEqual([3]);
  });
});
