import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { CliError, exitCode } from '../infra/errors.js';
import { withStore, withTemporal } from './services.js';

const help = `
For a cluster of your own (docs/operations.md): TEMPORAL_ADDRESS and TEMPER_S3_ENDPOINT say which; \`temper up\` starts workers
of its own. Ctrl-C or SIGTERM: it takes no new session, ends its current step, commits it, then ends; a second Ctrl-C ends it at once.

Settings: TEMPER_SCRATCH, TEMPER_DEVICE_SLOTS, TEMPER_DATA_THREADS, TEMPER_GRACE_SECONDS, TEMPER_THREADS, and TEMPER_ALLOW_MODULES=1 where whoever
submits a job may run code here; TEMPER_PREEMPTION_FILE or _URL where the cloud gives notice (docs/operations.md).

Examples:
  $ temper worker                       workflows, preparation and training
  $ temper worker --role control        workflows only
  $ temper worker --role data           preparation of data only
  $ temper worker --role device         training only
  $ temper worker --role control --deployment temper --build-id 0.3.0`;

const roles = ['control', 'data', 'device'] as const;

interface Options {
  readonly role?: string[];
  readonly deployment?: string;
  readonly buildId?: string;
}

const role = (text: string, before: readonly string[] = []): string[] => {
  if (!roles.some((name) => name === text)) throw new InvalidArgumentError('Expected control, data or device.');
  return [...before, text];
};

export const worker = (): Command =>
  new Command('worker')
    .description('Run a worker in this terminal')
    .option('--role <role>', 'control, data or device; may be given again (default: all)', role)
    .option('--deployment <name>', 'the deployment that its workflows belong to; with --build-id (docs/operations.md)')
    .option('--build-id <id>', 'the version of it that this worker is')
    .addHelpText('after', help)
    .action(async ({ role: chosen = [], deployment, buildId }: Options) => {
      if ((deployment === undefined) !== (buildId === undefined))
        throw new CliError('--deployment and --build-id: expected both or none, found one of them.');
      await withTemporal(() => withStore((store) => store.check()));
      const version = deployment && buildId ? { TEMPER_DEPLOYMENT: deployment, TEMPER_BUILD_ID: buildId } : {};
      const { code, signal } = await runWorker(chosen.length > 0 ? chosen : roles, version);
      if (signal) throw new CliError(`The worker was ended by ${signal}.`, exitCode.runFailed);
      if (code !== 0)
        throw new CliError(`The worker ended with code ${code}: see what it said above.`, exitCode.runFailed);
    });

async function runWorker(
  chosen: readonly string[],
  version: Readonly<Record<string, string>>,
): Promise<{
  code: number | null;
  signal: NodeJS.Signals | null;
}> {
  const entry = fileURLToPath(new URL('../workers/main.js', import.meta.url));
  // With a channel: the worker ends when this process dies, however it dies.
  const child = spawn(process.execPath, [entry, ...chosen.flatMap((name) => ['--role', name])], {
    env: { ...process.env, ...version },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true, // a terminal's Ctrl-C is ours to pass on
  });
  let requests = 0;
  const stop = () => child.kill(++requests > 1 ? 'SIGKILL' : 'SIGTERM');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}
