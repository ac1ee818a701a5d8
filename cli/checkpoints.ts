import { Command, InvalidArgumentError } from 'commander';
import { listCheckpoints } from '../storage/checkpoint/list.js';
import type { RunId } from '../workflows/contract.js';
import { forkCommand } from './checkpoints-fork.js';
import { gcCommand } from './checkpoints-gc.js';
import { CliError, exitCode } from '../infra/errors.js';
import { renderCheckpoints } from './render/checkpoints.js';
import { counted, size } from './render/units.js';
import { runArgument } from './runs/run-argument.js';
import { verifyCheckpoints, type VerifiedCheckpoint } from './runs/verify-checkpoints.js';
import { withRuns } from './runs/with-runs.js';
import { describeRun } from './runs/workflow-state.js';
import { withStore } from './services.js';

const help = `
Examples:
  $ temper checkpoints list glosses-1a2b3c4d --living
  $ temper checkpoints verify glosses-1a2b3c4d          reads every byte of all of them; exit 1 when one is damaged
  $ temper checkpoints verify glosses-1a2b3c4d 12
  $ temper checkpoints fork glosses-1a2b3c4d@best --set train.learningRate=2e-5
  $ temper checkpoints gc glosses-1a2b3c4d --dry-run`;

const sequenceNumber = (text: string): number => {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected the number of a checkpoint, from 1.');
};

export const checkpoints = (): Command =>
  new Command('checkpoints')
    .description("List, verify or fork a run's checkpoints on S3, or delete what nobody needs")
    .addHelpText('after', help)
    .addCommand(listCommand().exitOverride())
    .addCommand(verifyCommand().exitOverride())
    .addCommand(forkCommand().exitOverride())
    .addCommand(gcCommand().exitOverride());

const listCommand = (): Command =>
  new Command('list')
    .description('Every checkpoint that ever took a number')
    .addArgument(runArgument())
    .option('--living', 'without those that were retired', false)
    .option('--json', 'one JSON array', false)
    .action(async (run: string, { living, json }: { living: boolean; json: boolean }) => {
      const all = await withStore((store) => listCheckpoints(store, run as RunId));
      if (all.length === 0) await mustExist(run);
      const listed = living ? all.filter(({ kind }) => kind !== 'retired') : all;
      console.log(json ? JSON.stringify(listed) : renderCheckpoints(run, listed).join('\n'));
    });

const verifyCommand = (): Command =>
  new Command('verify')
    .description('Read all shards and check their digests; changes nothing')
    .addArgument(runArgument())
    .argument('[number]', 'only this checkpoint', sequenceNumber)
    .option('--json', 'one JSON array', false)
    .action(async (run: string, only: number | undefined, { json }: { json: boolean }) => {
      const verified: VerifiedCheckpoint[] = [];
      await withStore(async (store) => {
        for await (const each of verifyCheckpoints(store, run as RunId, only ?? null)) {
          verified.push(each);
          // Of all checkpoints of a long run nearly all are retired: their number is told in the end.
          const isTold = only === undefined ? !isRetired(each) : each.verdict !== 'gone';
          if (!json && isTold) describeVerified(each).forEach((line) => console.log(line));
        }
      });
      if (verified.length === 0 || (only !== undefined && verified[0]?.verdict === 'gone')) await mustExist(run);
      if (json) console.log(JSON.stringify(verified));
      else if (verified.length === 0) console.log(`${run} has no checkpoint.`);
      else if (only === undefined) console.log(summaryOf(verified));
      if (only !== undefined && verified[0]?.verdict === 'gone')
        throw new CliError(`Checkpoint ${only} of ${run} holds no state: ${verified[0].problems.join('; ')}.`);
      if (verified.some(({ verdict }) => verdict === 'damaged')) process.exitCode = exitCode.runFailed;
    });

const isRetired = ({ verdict, problems }: VerifiedCheckpoint): boolean =>
  verdict === 'gone' && problems[0] === 'retired';

/** `3 sound, 1 DAMAGED, 1 quarantined, 178 retired` */
export function summaryOf(verified: readonly VerifiedCheckpoint[]): string {
  const retired = verified.filter(isRetired).length;
  const of = (verdict: VerifiedCheckpoint['verdict']) => verified.filter((each) => each.verdict === verdict).length;
  const counts = [
    [of('sound'), 'sound'],
    [of('damaged'), 'DAMAGED'],
    [of('gone') - retired, 'quarantined'],
    [retired, 'retired'],
  ] as const;
  return counts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ');
}

export function describeVerified({ sequence, step, verdict, problems, shards, bytes }: VerifiedCheckpoint): string[] {
  switch (verdict) {
    case 'sound':
      return [`checkpoint ${sequence} (step ${step}): sound, ${counted(shards, 'shard')}, ${size(bytes)}`];
    case 'gone':
      return [`checkpoint ${sequence}: ${problems.join('; ')}`];
    case 'damaged':
      return [
        `checkpoint ${sequence}${step === null ? '' : ` (step ${step})`}: DAMAGED`,
        ...problems.map((problem) => `  ${problem}`),
      ];
    default:
      return verdict satisfies never;
  }
}

/** Nothing was found: is there such a run at all? */
const mustExist = (run: string) => withRuns((client) => describeRun(client, run));
