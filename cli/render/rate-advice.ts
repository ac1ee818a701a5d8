import pc from 'picocolors';
import type { FoundRate } from '../../engine/protocol.js';
import type { Job } from '../../job/schema.js';
import { shortRate } from './rate-scale.js';

/** What a range test means for the job, in sentences. */
export function adviceLines(found: FoundRate, job: Job): string[] {
  const { points, steepest, lowest, suggested, stillFalling, ended } = found;
  const last = points.at(-1);
  if (last === undefined) {
    return [
      ended === 'interrupted'
        ? 'Interrupted before the first step.'
        : 'The loss is no finite number at the first step already: look at the data and the model, no rate can help.',
    ];
  }
  const reached = shortRate(last.learningRate);
  const end = {
    range: [],
    diverged: [`The loss exploded at ${reached}, where the test stopped.`],
    interrupted: [`Interrupted at ${reached}: what follows is of the rates up to there.`],
  }[ended];
  if (suggested === null || steepest === null || lowest === null) return [...end, flat(found)];
  return [
    ...end,
    `The loss falls fastest at ${shortRate(steepest)} and is lowest at ${shortRate(lowest)}.`,
    ...(stillFalling && ended !== 'diverged'
      ? [`It was still falling at ${reached}, the last rate: a larger --to may find a larger one.`]
      : []),
    `${pc.bold(`Suggestion: learningRate: ${shortRate(suggested)}`)} (a tenth of the lowest; the job has ${shortRate(job.train.learningRate)})`,
  ];
}

function flat({ points, ended }: FoundRate): string {
  if (ended === 'diverged') return 'It never fell before that: begin lower (--from), or look at the labels.';
  if (points.length < 10) return 'That is too few steps to say anything.';
  return 'The loss does not fall at any rate, so there is no suggestion: take more steps (--steps), or look at the labels.';
}
