import { createInterface } from 'node:readline/promises';
import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import { CliError } from '../infra/errors.js';
import { counted } from './render/units.js';
import { hasEnded, tellStage } from './runs/control.js';
import { endWhenReachable } from './runs/ending.js';
import { purge } from './runs/purge.js';
import { runArgument } from './runs/run-argument.js';
import { whileWaiting } from './runs/waiting.js';
import { withRuns } from './runs/with-runs.js';
import { describeRun } from './runs/workflow-state.js';

const help = `
Uploads that were under way are cleaned up; checkpoints stay, unless --purge deletes all that the run has on S3 (also of a
run that was cancelled or failed before). Checkpoints that others pinned are never deleted: then nothing is, exit 2.

Examples:
  $ temper cancel glosses-1a2b3c4d
  $ temper cancel glosses-1a2b3c4d --purge --yes`;

interface CancelOptions {
  readonly purge: boolean;
  readonly yes: boolean;
  readonly json: boolean;
}

export const cancel = (): Command =>
  new Command('cancel')
    .description('End a run without a model')
    .addArgument(runArgument())
    .option('--purge', 'then delete its checkpoints and everything else it has on S3', false)
    .option('--yes', 'do not ask before a --purge', false)
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((run: string, options: CancelOptions) => withRuns((client) => cancelRun(client, run, options)));

async function cancelRun(client: Client, run: string, options: CancelOptions): Promise<void> {
  const workflow = await describeRun(client, run);
  const running = workflow.state === 'running';
  if (!running && !options.purge) throw await hasEnded(client, workflow);
  if (workflow.state === 'done' && options.purge) throw keepsModel(run);
  if (options.purge && !options.yes) await confirm(run);
  if (running) {
    await client.workflow.getHandle(run).cancel();
    const end = await whileWaiting(endWhenReachable(client, run), 5_000, () => tellStage(client, run));
    if (end.state !== 'cancelled') throw new CliError(`${end.message} It ended before it could be cancelled.`);
    if (!options.json) console.log(end.message);
  }
  const deletedObjects = options.purge ? await purge(run) : 0;
  if (options.json) console.log(JSON.stringify({ run, cancelled: running, purged: options.purge, deletedObjects }));
  else if (options.purge) console.log(`Deleted ${counted(deletedObjects, 'object')} of ${run}.`);
}

const keepsModel = (run: string) =>
  new CliError(
    `${run} is done, and its model is published: --purge deletes runs that ended without one. ` +
      `\`temper checkpoints gc ${run}\` deletes what nobody needs of its checkpoints; runs/${run}/ in the store is all that it has there.`,
  );

async function confirm(run: string): Promise<void> {
  if (!process.stdin.isTTY) throw new CliError('--purge deletes for good: add --yes where nobody can be asked.');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asking
    .question(`Delete all checkpoints of ${run} for good? Type yes: `)
    .finally(() => asking.close());
  if (answer.trim().toLowerCase() !== 'yes') throw new CliError('Nothing was done.');
}
