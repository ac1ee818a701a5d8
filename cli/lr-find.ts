import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { DataError } from '../data/data-error.js';
import type { FoundRate } from '../engine/protocol.js';
import type { Job } from '../job/schema.js';
import { ModelError } from '../models/model-error.js';
import { CliError } from '../infra/errors.js';
import { rateChart } from './render/rate-chart.js';
import { adviceLines } from './render/rate-advice.js';
import { RateReporter } from './render/rate-progress.js';
import { rateSvg } from './render/rate-svg.js';
import { findRate, type RateRequest } from './runs/find-rate.js';
import { withCheckedJob, type CheckedJob } from './submit.js';

const help = `
The learning-rate range test (Smith, 2015): one short training on this machine over growing rates, from the state that a run
would begin with. No server is needed, and nothing of it stays but the plot. Rate, warm-up and schedule of the job do not
count; batches, optimizer, clipping, dropout and what is frozen do. It stops by itself where the loss explodes.
Ctrl-C ends it after the current step with what it has so far; a second one ends it at once.

Examples:
  $ temper lr-find job.yaml                        prints the curve, writes lr-find-NAME.svg
  $ temper lr-find job.yaml --steps 200 --from 1e-6 --to 0.1
  $ temper lr-find job.yaml --no-plot --json | jq .suggested`;

interface Options {
  readonly steps?: number;
  readonly from: number;
  readonly to?: number;
  readonly plot: string | boolean;
  readonly json: boolean;
}

const FEWEST_STEPS = 10;

function steps(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= FEWEST_STEPS) return value;
  throw new InvalidArgumentError(`Expected a whole number from ${FEWEST_STEPS}.`);
}

function rate(text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number above 0, as in 1e-6.');
}

export const lrFind = (): Command =>
  new Command('lr-find')
    .description('Find a learning rate for a job: a short training over growing rates')
    .argument('<job>', 'the job file, YAML or JSON (docs/job.md)')
    .option('--steps <n>', 'so many rates (default: those of one epoch, at least 40 and at most 100)', steps)
    .option('--from <rate>', 'the first rate', rate, 1e-7)
    .option('--to <rate>', 'the last rate (default: 1; 10 for sgd)', rate)
    .option('--plot <file>', 'where the curve goes, as SVG (default: lr-find-NAME.svg)')
    .option('--no-plot', 'write no file')
    .option('--json', 'one JSON object, with every point of the curve', false)
    .addHelpText('after', help)
    .action((path: string, options: Options) => withCheckedJob(path, (checked) => search(checked, options)));

/** As a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

async function search(checked: CheckedJob, options: Options): Promise<void> {
  const { job, modelName } = checked;
  const range = rangeOf(job, options);
  const found = await interruptible(checked, range);
  if (found === null || found.ended === 'interrupted') process.exitCode = INTERRUPTED;
  if (found === null) return;
  const drawable = found.points.length > 1;
  const plot = options.plot === false || !drawable ? null : plotPath(job, options.plot);
  const title = `${job.name}: ${modelName}, ${found.points.length} steps of ${job.train.batchSize * job.train.accumulate} rows`;
  if (plot !== null) {
    await writeFile(plot, rateSvg(found, title)).catch((error: Error) => {
      throw new CliError(`--plot: ${plot} cannot be written: ${error.message}.`);
    });
  }
  if (options.json) {
    console.log(JSON.stringify({ job: job.name, model: modelName, ...range, ...found, plot }));
    return;
  }
  const chart = rateChart(found, process.stdout.columns || 80);
  const written = plot === null ? [] : [`The curve: ${plot}`];
  console.log([title, '', ...chart, '', ...adviceLines(found, job), ...written].join('\n'));
}

function rangeOf(job: Job, { steps, from, to }: Options): RateRequest {
  const last = to ?? (job.train.optimizer === 'sgd' ? 10 : 1);
  if (from >= last) throw new CliError(`--from: expected a rate below --to (${last}), found ${from}.`);
  return { steps: steps ?? null, from, to: last };
}

const plotPath = (job: Job, plot: string | boolean): string =>
  resolve(typeof plot === 'string' ? plot : `lr-find-${job.name}.svg`);

/** null: Ctrl-C ended it before there was anything to tell. */
async function interruptible(checked: CheckedJob, range: RateRequest): Promise<FoundRate | null> {
  const stop = new AbortController();
  const reporter = new RateReporter(process.stderr);
  let interrupt: (() => void) | null = null;
  const onSignal = () => {
    if (interrupt === null) stop.abort();
    interrupt?.();
    interrupt = null; // a second one ends it at once
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  try {
    return await findRate(checked, range, {
      signal: stop.signal,
      onBegin: (how) => (interrupt = how),
      onProgress: (progress) => reporter.show(progress, performance.now()),
    });
  } catch (error) {
    if (stop.signal.aborted) {
      process.stderr.write('Interrupted before there was anything to tell.\n');
      return null;
    }
    if (error instanceof DataError || error instanceof ModelError) {
      throw new CliError(error.message, undefined, { cause: error });
    }
    throw error;
  } finally {
    reporter.close();
    for (const signal of signals) process.off(signal, onSignal);
  }
}
