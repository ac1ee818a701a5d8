import type { Client } from '@temporalio/client';
import { Command } from 'commander';
import type { FineTuneResult } from '../workflows/contract.js';
import { exitCode } from '../infra/errors.js';
import { chooseView } from './render/views.js';
import { endWhenReachable, patienceUntilEnd } from './runs/ending.js';
import { lookAt, unseen } from './runs/look.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';

const help = `
On a terminal: live bars. Piped: a line when something changes, and each ten seconds of training.
Ctrl-C leaves the run running. When Temporal or the workers are away, it says so and waits.
Exit 0 when the run is done, 1 when it failed or was cancelled.

Examples:
  $ temper watch glosses-1a2b3c4d
  $ temper watch glosses-1a2b3c4d | tee run.log
  $ temper watch glosses-1a2b3c4d --json        one JSON object a line (docs/cli.md)`;

export interface Followed {
  readonly state: 'done' | 'failed' | 'cancelled';
  readonly message: string;
  readonly result?: FineTuneResult;
}

/** As a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Shows a run until it ends. Ctrl-C ends this process, never the run. */
export async function follow(client: Client, run: string, { json }: { json: boolean }): Promise<Followed> {
  const view = chooseView(run, { json, terminal: process.stdout.isTTY === true });
  const leave = () => {
    view.close();
    process.stderr.write(`${run} goes on. Follow it again with: temper watch ${run}\n`);
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', leave);
  let look = unseen(run);
  const patience = patienceUntilEnd(client, run);
  const drawing = setInterval(() => view.show(look), view.drawEveryMs);
  try {
    while (look.workflow === null || look.workflow.state === 'running') {
      look = await lookAt(client, look);
      await patience.pause(view.patienceMs(look));
    }
    view.show(look);
    const end = await endWhenReachable(client, run);
    clearInterval(drawing);
    view.close();
    view.end(end);
    return end;
  } finally {
    patience.end();
    clearInterval(drawing);
    view.close();
    process.off('SIGINT', leave);
  }
}

export const watch = (): Command =>
  new Command('watch')
    .description('Follow a run to its end')
    .addArgument(runArgument())
    .option('--json', 'one JSON object a line', false)
    .addHelpText('after', help)
    .action((run: string, { json }: { json: boolean }) =>
      withRuns(async (client) => {
        const { state } = await follow(client, run, { json });
        if (state !== 'done') process.exitCode = exitCode.runFailed;
      }),
    );
