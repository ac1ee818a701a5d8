import { Command, InvalidArgumentError } from 'commander';
import type { PoisonBundle } from '../activities/poison-bundle.js';
import type { RunId } from '../workflows/contract.js';
import { exitCode } from '../infra/errors.js';
import { poisonBundle } from './runs/poison-bundle.js';
import { replayStep, type Replayed } from './runs/replay-step.js';
import { runArgument } from './runs/run-argument.js';
import { settings, withStore } from './services.js';

const help = `
A run fails as PoisonStep when one step ends its engine three times: it crashes, runs out of memory or hangs. What the step is a
function of is then on S3, in runs/RUN/poison/STEP/bundle.json. This does the step again in an engine of this machine, from the
checkpoint before it, with the run's threads; nothing of the run is changed. Exit 1: the engine died here too.

Examples:
  $ temper replay glosses-1a2b3c4d
  $ temper replay glosses-1a2b3c4d --describe      what is known, without doing the step
  $ temper replay glosses-1a2b3c4d --json | jq .bundle.rows`;

interface Options {
  readonly step?: number;
  readonly describe: boolean;
  readonly patience: number;
  readonly json: boolean;
}

const positive = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a whole number from 1.');
};

export const replay = (): Command =>
  new Command('replay')
    .description('Do the step again on this machine that ended the engine of a run')
    .addArgument(runArgument())
    .option('--step <n>', 'which, where there are several (default: the last)', positive)
    .option('--describe', 'only tell what is known of it', false)
    .option(
      '--patience <seconds>',
      'an engine without progress is killed after times that follow from it',
      positive,
      60,
    )
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action(async (run: string, { step, describe, patience, json }: Options) => {
      const { source, storeSource } = await settings();
      const isEmbedded = source === 'embedded' && storeSource === 'embedded';
      const setting = process.env['TEMPER_ALLOW_MODULES'] ?? (isEmbedded ? '1' : '0');
      const onStage = (stage: string) => void process.stderr.write(`${stage}...\n`);
      await withStore(async (store) => {
        const bundle = await poisonBundle(store, run as RunId, step ?? null);
        if (!json) console.log(described(bundle).join('\n'));
        const options = { allowModules: setting === '1', patienceMs: patience * 1000, onStage };
        const replayed = describe ? null : await replayStep(store, bundle, options);
        if (json) console.log(JSON.stringify({ run, bundle, replayed }));
        else if (replayed) console.log(['', ...told(replayed)].join('\n'));
        if (replayed?.died) process.exitCode = exitCode.runFailed;
      });
    });

function described({ run, step, epoch, checkpoint, rows, deaths, said }: PoisonBundle): string[] {
  const batches = rows.map((batch) => batch.join(' '));
  return [
    `Step ${step} of ${run} (epoch ${epoch + 1}) ended its engine ${deaths.length} times:`,
    ...deaths.map(({ host, how }) => `  on ${host}: ${how}`),
    `It begins from checkpoint ${checkpoint.sequence} (step ${checkpoint.step}).`,
    ...(batches.length > 0 ? [`Rows of the training split that it trains on: ${batches.join(' | ')}`] : []),
    ...(said.length > 0 ? ['The last that the engine said:', ...said.map((line) => `  ${line}`)] : []),
  ];
}

const told = ({ died, message, said, sameFingerprint }: Replayed): string[] => [
  died ? `It died here too: ${message}.` : `It did not die: ${message}.`,
  ...said.map((line) => `  ${line}`),
  ...(sameFingerprint ? [] : ['This machine computes in another way than that one (docs/exactness.md).']),
];
