import { Command } from 'commander';
import { folderToStop } from '../infra/stack/find.js';
import { shutDown } from '../infra/stack/shut-down.js';
import type { DownResult } from '../infra/stack/shut-down.js';

const help = `
Runs are not ended by it: they wait in the folder, and go on at the next \`temper up\`.
When a killed \`temper up\` left servers behind, those are ended. When nothing runs, it says so and exits 0.

Examples:
  $ temper down
  $ temper down --folder /data/temper
  $ temper down --now                   do not wait for the workers to commit their step`;

interface DownOptions {
  readonly folder?: string;
  readonly now: boolean;
  readonly json: boolean;
}

const describe = (result: DownResult): string => {
  switch (result.kind) {
    case 'not-running':
      return `No stack runs in ${result.folder}: nothing to stop.`;
    case 'stopped':
      return `Stopped the stack of ${result.folder} (process ${result.pid}).`;
    case 'reclaimed':
      return `No \`temper up\` ran in ${result.folder}; ended what one had left: ${result.processes.map(({ name, pid }) => `${name} (${pid})`).join(', ')}.`;
    default:
      return result satisfies never;
  }
};

export const down = (): Command =>
  new Command('down')
    .description('Stop the stack that `temper up` started, from any terminal')
    .option('--folder <path>', "the stack's folder (default: $TEMPER_HOME, else the nearest .temper here or above)")
    .option('--now', 'end everything at once', false)
    .option('--json', 'the result as one JSON object', false)
    .addHelpText('after', help)
    .action(async (options: DownOptions) => {
      const result = await shutDown({
        folder: folderToStop(options.folder, process.env, process.cwd()),
        now: options.now,
        onStopping: (pid, graceSeconds) => {
          if (!options.json && !options.now)
            process.stdout.write(`Stopping (process ${pid}); the workers have up to ${graceSeconds} s to commit.\n`);
        },
      });
      process.stdout.write(`${options.json ? JSON.stringify(result) : describe(result)}\n`);
    });
