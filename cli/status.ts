import { Command } from 'commander';
import { CliError, exitCode } from '../infra/errors.js';
import { lookJson } from './render/json-lines.js';
import { renderEnd } from './render/ended.js';
import { renderScreen } from './render/screen.js';
import { renderSetup } from './render/setup.js';
import { endWhenReachable } from './runs/ending.js';
import { lookAt, unseen } from './runs/look.js';
import { runArgument } from './runs/run-argument.js';
import { withRuns } from './runs/with-runs.js';

const help = `
One look; \`temper watch\` keeps looking. Exit 0 whatever the run's state: scripts read it from --json.

Examples:
  $ temper status glosses-1a2b3c4d
  $ temper status glosses-1a2b3c4d --json | jq .state`;

export const status = (): Command =>
  new Command('status')
    .description('Show how a run stands')
    .addArgument(runArgument())
    .option('--json', 'one JSON object', false)
    .addHelpText('after', help)
    .action((run: string, { json }: { json: boolean }) =>
      withRuns(async (client) => {
        const look = await lookAt(client, unseen(run));
        if (!look.temporalAnswers)
          throw new CliError('Temporal does not answer any more: try again when it is back.', exitCode.unreachable);
        const ended = look.workflow?.state !== 'running' ? await endWhenReachable(client, run) : null;
        if (json) {
          const end = ended && { state: ended.state, message: ended.message, result: ended.result ?? null };
          console.log(JSON.stringify({ ...lookJson(look), end }));
          return;
        }
        const columns = process.stdout.columns || 100;
        console.log([...renderScreen(look, Date.now(), columns), ...renderSetup(look)].join('\n'));
        if (ended) console.log(renderEnd(run, ended).join('\n'));
      }),
    );
