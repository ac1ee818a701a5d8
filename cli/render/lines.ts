/** Progress as lines, for pipes and logs: one when something changes, and while training one each ten seconds at most. */
import type { Observation, RunStatus, SessionRecord } from '../../workflows/contract.js';
import type { Look } from '../runs/look.js';
import { best } from '../../workflows/policies/selection.js';
import { adjustmentText } from './adjustments.js';
import { featuresText } from './features.js';
import { waitOf } from './free-hosts.js';
import { inOrder, positionOf, remainingMs } from './estimate.js';
import { reasonOf } from './sessions.js';
import { stageOf, troubleOf } from './stage.js';
import { headlines } from './metrics.js';
import { count, duration, loss, rate } from './units.js';
import { waitingText } from './waiting.js';

const TRAINING_EVERY_MS = 10_000;
/** Validations told of a run that began long ago. */
const SHOWN_ON_JOINING = 3;

export class LineReporter {
  #stage = '';
  #trouble: string | null = null;
  #waits: string | null = null;
  #observed = new Set<number>();
  #sequence = 0;
  #sessions = 0;
  #trainedAtMs = -Infinity;
  #step = -1;
  #rows = -1;
  #features: string | null = null;
  readonly #adjusted = new Set<string>();

  /** The lines that are new since the last call. */
  lines(look: Look, nowMs: number): string[] {
    const lines: string[] = [];
    const { status } = look;
    const trouble = troubleOf(look);
    const kind = trouble?.replace(/ for .*/, '') ?? null; // the age of a silence is no news
    if (trouble && kind !== this.#trouble) lines.push(trouble);
    if (!trouble && this.#trouble) lines.push('it answers again');
    this.#trouble = kind;
    if (!status) return lines;

    const before = status.earlierSessions?.count ?? 0;
    for (const session of status.sessions.slice(Math.max(0, this.#sessions - before))) {
      if (session.reason !== 'start') lines.push(sessionLine(session));
    }
    this.#sessions = before + status.sessions.length;
    const saving = look.progress?.stage === 'saving'; // so often that it is no news
    const computing = status.stage === 'computeFeatures'; // its rows are told as training's steps are
    const stage = stageOf(saving || computing ? { ...look, progress: null } : look);
    if (stage !== this.#stage) lines.push(`stage: ${stage}${positionText(look)}`);
    this.#stage = stage;
    const wait = waitOf(look);
    const waits = wait && `waits: ${wait.why}${wait.boundTo ? `; it goes on at ${wait.boundTo}` : ''}`;
    if (waits !== null && waits !== this.#waits) lines.push(waits);
    this.#waits = waits;
    const features = featuresText(status.plan, status.features);
    if (features !== null && features !== this.#features) lines.push(`features: ${features}`);
    this.#features = features;
    for (const text of (status.adjustments ?? []).map(adjustmentText)) {
      if (!this.#adjusted.has(text)) lines.push(`adjusted ${text}`);
      this.#adjusted.add(text);
    }
    lines.push(...this.#validations(status));
    const newest = status.lastCheckpoint;
    if (newest && newest.sequence > this.#sequence) {
      lines.push(`checkpoint ${newest.sequence} is durable: step ${newest.step}`);
      this.#sequence = newest.sequence;
    }
    const rows = computing ? look.progress?.rows : undefined;
    if (rows && nowMs - this.#trainedAtMs >= TRAINING_EVERY_MS && rows.done !== this.#rows) {
      lines.push(`features: ${count(rows.done)} of ${count(rows.total)} rows`);
      this.#trainedAtMs = nowMs;
      this.#rows = rows.done;
    }
    const step = look.progress?.position.step ?? -1;
    const due = nowMs - this.#trainedAtMs >= TRAINING_EVERY_MS && step !== this.#step;
    if (status.stage === 'trainEpoch' && look.progress?.stage === 'training' && due) {
      lines.push(trainingLine(look));
      this.#trainedAtMs = nowMs;
      this.#step = step;
    }
    return lines;
  }

  #validations(status: RunStatus): string[] {
    const { selectBest } = status;
    const observations = inOrder(status.observations);
    const joinedAt = this.#observed.size === 0 ? Math.max(0, observations.length - SHOWN_ON_JOINING) : 0;
    const bestAt = (i: number) => best(observations.slice(0, i + 1), selectBest)?.step;
    return observations.flatMap((observation, i) => {
      if (this.#observed.has(observation.step)) return [];
      this.#observed.add(observation.step);
      return i < joinedAt ? [] : [observationLine(observation, bestAt(i) === observation.step)];
    });
  }
}

function positionText(look: Look): string {
  const position = positionOf(look);
  const { status } = look;
  if (!position || !status?.totalSteps || status.stage !== 'trainEpoch') return '';
  return `, epoch ${Math.min(position.epoch + 1, status.epochs)} of ${status.epochs}, step ${position.step} of ${status.totalSteps}`;
}

function trainingLine(look: Look): string {
  const { progress, status } = look;
  const left = remainingMs(look);
  return [
    `step ${progress?.position.step} of ${status?.totalSteps ?? '?'}`,
    `loss ${loss(progress?.loss)}`,
    `learning rate ${rate(progress?.learningRate)}`,
    `${count(progress?.examplesPerSecond)} examples/s`,
    ...waitingText(progress?.waiting),
    ...(left === null ? [] : [`about ${duration(left)} left`]),
  ].join(', ');
}

const observationLine = (observation: Observation, isBest: boolean): string =>
  `validation at step ${observation.step} (epoch ${observation.epoch}): loss ${loss(observation.loss)}` +
  `${headlines(observation)
    .map(({ title, text }) => `, ${title} ${text}`)
    .join('')}${isBest ? ', the best so far' : ''}`;

function sessionLine(session: SessionRecord): string {
  const { from, host, stepsRedone, recoveryMs } = session;
  const redone = stepsRedone > 0 ? `, ${stepsRedone} steps are done again` : '';
  const at = from ? `checkpoint ${from.sequence} (step ${from.step})` : 'the beginning';
  return `${reasonOf(session)}: goes on from ${at} on ${host} after ${duration(recoveryMs)}${redone}`;
}
