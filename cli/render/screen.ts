/** The live view of a run: a block of lines that is drawn again and again. */
import pc from 'picocolors';
import type { RunStatus } from '../../workflows/contract.js';
import type { Look } from '../runs/look.js';
import { adjustmentText, forkText } from './adjustments.js';
import { featuresText } from './features.js';
import { waitOf } from './free-hosts.js';
import { inOrder, positionOf, remainingMs } from './estimate.js';
import { costOf } from './explained.js';
import { isRecovery, keptOf, reasonOf, recoveryCount } from './sessions.js';
import { stageOf, troubleOf } from './stage.js';
import { waitingText } from './waiting.js';
import { headlines } from './metrics.js';
import { count, duration, loss, rate } from './units.js';

/** Validations shown; earlier ones scroll out of sight, the best never does. */
const VALIDATIONS_SHOWN = 8;

export function renderScreen(look: Look, nowMs: number, width: number): string[] {
  const { run, workflow, status } = look;
  const lines: string[] = [];
  const took = workflow
    ? duration((workflow.closedAt?.getTime() ?? nowMs) - (status?.startedAtMs ?? workflow.startedAt.getTime()))
    : '';
  lines.push(`${pc.bold(run)}  ${pc.cyan(stageOf(look))}  ${pc.dim(took)}`);
  const trouble = troubleOf(look);
  if (trouble) lines.push(pc.yellow(`  ${trouble}`));
  const wait = waitOf(look);
  if (wait) lines.push(pc.yellow(`  ${wait.why}`));
  if (wait?.boundTo) lines.push(label('goes on at', wait.boundTo));
  if (status) {
    if (status.fork) lines.push(label('fork of', forkText(status.fork)));
    lines.push(...featuresLines(look, status, width));
    lines.push(...trainingLines(look, status, width), ...validationLines(status));
    lines.push(...(status.adjustments ?? []).map((each) => label('adjusted', adjustmentText(each))));
    lines.push(...durabilityLines(status, nowMs));
  }
  return lines;
}

function featuresLines({ progress }: Look, { stage, plan, features }: RunStatus, width: number): string[] {
  const text = featuresText(plan, features);
  const rows = stage === 'computeFeatures' ? progress?.rows : undefined;
  return [
    ...(text === null ? [] : [label('features', text)]),
    ...(rows
      ? [label('rows', `${bar(rows.done / rows.total, barWidth(width))}  ${count(rows.done)} of ${count(rows.total)}`)]
      : []),
  ];
}

const barWidth = (width: number): number => Math.max(10, Math.min(40, width - 40));

function trainingLines(look: Look, status: RunStatus, width: number): string[] {
  const position = positionOf(look);
  if (!position || !status.totalSteps || !status.stepsPerEpoch) return [];
  const { epochs, totalSteps, stepsPerEpoch } = status;
  const epoch = Math.min(position.epoch + 1, epochs);
  const inEpoch = position.epoch >= epochs ? stepsPerEpoch : position.cursor;
  const left = remainingMs(look);
  const { training } = look;
  return [
    label('epoch', `${bar(inEpoch / stepsPerEpoch, barWidth(width))}  ${epoch} of ${epochs}`),
    label(
      'step',
      `${bar(position.step / totalSteps, barWidth(width))}  ${count(position.step)} of ${count(totalSteps)}`,
    ),
    label(
      'training',
      [
        `loss ${loss(training?.loss ?? status.trainLoss)}`,
        ...(training
          ? [
              `learning rate ${rate(training.learningRate)}`,
              `${count(training.examplesPerSecond)} examples/s`,
              ...waitingText(training.waiting),
            ]
          : []),
        ...(left === null || status.stage !== 'trainEpoch' ? [] : [`about ${duration(left)} left`]),
      ].join('  '),
    ),
  ];
}

function validationLines({ observations, policy }: RunStatus): string[] {
  const shown = inOrder(observations).slice(-VALIDATIONS_SHOWN);
  const best = policy.best;
  if (best && !shown.some(({ step }) => step === best.step)) shown.unshift(best);
  return shown.map((observation, i) => {
    const isBest = observation.step === best?.step;
    const text = `epoch ${observation.epoch}  step ${observation.step}  loss ${loss(observation.loss)}${headlines(
      observation,
    )
      .map(({ title, text }) => `  ${title} ${text}`)
      .join('')}`;
    return label(i === 0 ? 'validation' : '', isBest ? `${pc.green(text)}  ${pc.green('★ best')}` : text);
  });
}

function durabilityLines(status: RunStatus, nowMs: number): string[] {
  const { lastCheckpoint, sessions } = status;
  const lines: string[] = [];
  if (lastCheckpoint) {
    const { sequence, step, committedAtMs } = lastCheckpoint;
    const age = committedAtMs > 0 ? `, ${duration(nowMs - committedAtMs)} ago` : '';
    lines.push(label('durable', `checkpoint ${sequence}, step ${count(step)}${age}`));
  }
  const session = sessions.at(-1);
  if (session) {
    const cost = costOf(keptOf(status));
    const last = sessions.findLast(({ reason }) => isRecovery(reason));
    const told = last ? `  ${pc.yellow(recoveryCount(cost.recoveries))}, the last: ${reasonOf(last)}` : '';
    lines.push(label('session', `${cost.sessions} on ${session.host}${told}`));
  }
  return lines;
}

const label = (name: string, text: string): string => `  ${pc.dim(name.padEnd(11))}${text}`;

/** `━━━━━━────`: full at 1. */
export function bar(fraction: number, width: number): string {
  const done = Math.round(Math.max(0, Math.min(1, fraction)) * width);
  return pc.green('━'.repeat(done)) + pc.dim('─'.repeat(width - done));
}
