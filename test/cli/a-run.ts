import type { CheckpointRef, Observation, RunId, RunStatus, SessionRecord, Sha256 } from '../../workflows/contract.js';
import { unseen, type Look } from '../../cli/runs/look.js';

export const startedAtMs = Date.UTC(2026, 2, 1, 12, 0, 0);
const digest = 'a'.repeat(64) as Sha256;
export const run = 'glosses-1a2b3c4d' as RunId;

export const anObservation = (step: number, loss: number): Observation => ({
  ...{ step, epoch: step / 100, loss, accuracy: 1 - loss / 2, f1: 1 - loss / 2, examples: 840 },
});

export const aCheckpoint = (sequence: number, step: number): CheckpointRef => ({
  ...{ kind: 'checkpoint', run, sequence, step, epoch: 0, cursor: step, lineage: digest, stateDigest: digest },
});

export const aSession = (changes: Partial<SessionRecord> = {}): SessionRecord => ({
  session: `${run}-s1`,
  host: 'alpha',
  fingerprint: 'f'.repeat(64),
  reason: 'start',
  detail: '',
  openedAtMs: startedAtMs,
  from: null,
  passedOver: [],
  stepsRedone: 0,
  recoveryMs: 2_000,
  redoneMs: 0,
  ...changes,
});

export const aStatus = (changes: Partial<RunStatus> = {}): RunStatus => ({
  run,
  stage: 'trainEpoch',
  detail: null,
  position: { step: 100, epoch: 1, cursor: 0 },
  totalSteps: 300,
  stepsPerEpoch: 100,
  epochs: 3,
  trainLoss: 0.9,
  observations: [],
  policy: { best: null, epochsWithoutImprovement: 0, shouldStop: false },
  selectBest: 'validation.loss',
  lastCheckpoint: null,
  plan: null,
  features: null,
  dataset: {
    manifest: { name: 'm', key: 'datasets/x' as never, sha256: digest, bytes: 1 },
    digest,
    rows: { train: 3200, validation: 840, test: 840 },
    classes: 21,
    stepsPerEpoch: 100,
  },
  sessions: [aSession()],
  startedAtMs,
  evaluation: null,
  ...changes,
});

const training = (step: number): NonNullable<Look['progress']> => ({
  stage: 'training',
  position: { step, epoch: Math.floor(step / 100), cursor: step % 100 },
  loss: 0.8,
  learningRate: 5e-5,
  examplesPerSecond: 320,
});

/** A run that trains at `step`, as everything about it looks from outside. */
export const aLook = (step: number, status: Partial<RunStatus> = {}, changes: Partial<Look> = {}): Look => ({
  ...unseen(run),
  workflow: {
    run,
    state: 'running',
    job: 'glosses',
    model: 'minilm-l6',
    task: 'text-classification',
    pairs: false,
    firing: null,
    startedAt: new Date(startedAtMs),
    closedAt: null,
  },
  status: aStatus(status),
  progress: training(step),
  training: training(step),
  ...changes,
});
