import type { PlacedProblem } from './explain-issue.js';
import type { Job } from './schema.js';

/** What the schema cannot say: conditions between keys, and patterns that must compile. */
export function checkJob(job: Job): PlacedProblem[] {
  return [...splitProblems(job), ...columnProblems(job), ...patternProblems(job), ...warmupProblems(job)];
}

const SUM_TOLERANCE = 1e-9;

function splitProblems({ data: { split } }: Job): PlacedProblem[] {
  if ('column' in split) return [];
  const sum = split.train + split.validation + split.test;
  if (Math.abs(sum - 1) <= SUM_TOLERANCE) return [];
  const parts = `train ${split.train} + validation ${split.validation} + test ${split.test}`;
  const rounded = Number(sum.toFixed(9));
  const message = `expected fractions that sum to 1, found ${parts} = ${rounded}: give all three (a part left out has its default)`;
  return [{ path: ['data', 'split'], at: 'key', message }];
}

function columnProblems({ data }: Job): PlacedProblem[] {
  const problems: PlacedProblem[] = [];
  if (data.text === data.label) {
    const message = `expected another column than the text's, found \`${data.label}\` for both`;
    problems.push({ path: ['data', 'label'], at: 'value', message });
  }
  if ('column' in data.split && (data.split.column === data.text || data.split.column === data.label)) {
    const message = `expected a column of its own, found \`${data.split.column}\`, which is the text or the label`;
    problems.push({ path: ['data', 'split', 'column'], at: 'value', message });
  }
  if (data.maxLength < 3) {
    const message = `expected at least 3 (two special tokens and one of the text), found ${data.maxLength}`;
    problems.push({ path: ['data', 'maxLength'], at: 'value', message });
  }
  return problems;
}

function patternProblems({ freeze }: Job): PlacedProblem[] {
  if (typeof freeze === 'string') return [];
  const [key, patterns] = 'train' in freeze ? (['train', freeze.train] as const) : (['freeze', freeze.freeze] as const);
  return patterns.flatMap((pattern, index): PlacedProblem[] => {
    const fault = regularExpressionFault(pattern);
    if (fault === null) return [];
    const message = `expected a regular expression, found "${pattern}": ${fault}`;
    return [{ path: ['freeze', key, index], at: 'value', message }];
  });
}

function regularExpressionFault(pattern: string): string | null {
  try {
    new RegExp(`^(?:${pattern})`, 'u');
    return null;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return said.slice(said.lastIndexOf(': ') + 2).toLowerCase();
  }
}

function warmupProblems({ train }: Job): PlacedProblem[] {
  if (train.warmupSteps <= MAX_WARMUP_STEPS) return [];
  const message = `expected at most ${MAX_WARMUP_STEPS} steps of warm-up, found ${train.warmupSteps}`;
  return [{ path: ['train', 'warmupSteps'], at: 'value', message }];
}

const MAX_WARMUP_STEPS = 1_000_000;

/**
 * Whether the rate reaches its peak, once the rows are known: null, or a sentence that says what to change.
 * `totalSteps` = steps of all epochs.
 */
export function warmupProblem(job: Job, totalSteps: number): string | null {
  const { warmupSteps } = job.train;
  if (warmupSteps === 0 || warmupSteps < totalSteps) return null;
  return (
    `train.warmupSteps is ${warmupSteps} but the run has ${totalSteps} steps, so the rate never reaches learningRate: ` +
    `set it to ${Math.floor(totalSteps / 10)}, or train for more epochs`
  );
}
