import { Command, InvalidArgumentError } from 'commander';
import { fileURLToPath } from 'node:url';
import { partPaths } from '../infra/parts.mjs';
import { startDetached } from '../infra/stack/detach.js';
import { describeEvent } from '../infra/stack/events.js';
import { chosenFolder } from '../infra/stack/folder.js';
import type { StackSummary } from '../infra/stack/summary.js';
import { describeSummary, summarise } from '../infra/stack/summary.js';
import { defaultGraceSeconds } from '../infra/stack/stack.js';
import { startStack } from '../infra/stack/start.js';
import { defaultWorkers } from '../infra/stack/workers.js';

const help = `
Everything it knows is in the folder: stop and start it again, and runs go on where they were.
Ctrl-C lets the workers finish their step and commit it, then stops the servers; Ctrl-C again ends all at once.

Examples:
  $ temper up                           in this terminal, until Ctrl-C
  $ temper up --detach                  in the background; \`temper down\` stops it
  $ temper up --ui-port 8233            Temporal's UI on a port of your choice
  $ temper up --folder /data/temper --device-workers 2`;

interface UpOptions {
  readonly folder?: string;
  readonly temporalPort?: number;
  readonly uiPort?: number;
  readonly s3Port?: number;
  readonly deviceWorkers: number;
  readonly grace: number;
  readonly detach: boolean;
  readonly json: boolean;
}

const whole =
  (what: string, from: number, to: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= from && value <= to) return value;
    throw new InvalidArgumentError(`Expected ${what} from ${from} to ${to}.`);
  };
const port = whole('a port', 1, 65_535);

export const up = (): Command =>
  new Command('up')
    .description('Start Temporal, an S3 server and workers on this machine, and keep them running')
    .option('--folder <path>', 'where the stack keeps everything (default: $TEMPER_HOME, else .temper)')
    .option('--temporal-port <port>', 'Temporal (default: the one of last time, else a free one)', port)
    .option('--ui-port <port>', "Temporal's web UI (default: likewise)", port)
    .option('--s3-port <port>', 'S3 (default: likewise)', port)
    .option('--device-workers <n>', 'workers that train', whole('a number', 0, 64), 1)
    .option('--grace <seconds>', 'time the workers have to finish', whole('seconds', 0, 86_400), defaultGraceSeconds)
    .option('--detach', 'return when the stack is ready, and leave it running', false)
    .option('--json', 'one JSON object a line', false)
    .addHelpText('after', help)
    .action((options: UpOptions) => (options.detach ? detached(options) : attached(options)));

const printer = (json: boolean) => (line: string, object: object) =>
  process.stdout.write(`${json ? JSON.stringify(object) : line}\n`);

const namedPorts = ({
  temporalPort,
  uiPort,
  s3Port,
}: UpOptions): Partial<Record<'temporal' | 'ui' | 's3', number>> => ({
  ...(temporalPort === undefined ? {} : { temporal: temporalPort }),
  ...(uiPort === undefined ? {} : { ui: uiPort }),
  ...(s3Port === undefined ? {} : { s3: s3Port }),
});

const attached = async (options: UpOptions): Promise<void> => {
  const print = printer(options.json);
  // Nobody reading our lines any more (a closed terminal, `| head`) is no reason to leave the children alone.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const giveUp = new AbortController();
  let stopRequests = 0;
  let stop = (_now: boolean): void => giveUp.abort();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      stopRequests += 1;
      stop(stopRequests > 1);
    });

  const stack = await startStack({
    folder: chosenFolder(options.folder, process.env, process.cwd()),
    binaries: { temporal: partPaths().temporalCli, versitygw: partPaths().versitygw },
    workers: defaultWorkers(
      fileURLToPath(new URL('../workers/main.js', import.meta.url)),
      options.deviceWorkers,
      process.env,
    ),
    ports: namedPorts(options),
    graceSeconds: options.grace,
    onEvent: (event) => print(describeEvent(event), event),
    signal: giveUp.signal,
  });
  stop = (now) => void stack.stop({ now });
  if (giveUp.signal.aborted) stop(false);
  const summary = await summarise(stack);
  if (summary) print(describeSummary(summary), summary);
  await stack.finished;
};

const detached = async (options: UpOptions): Promise<void> => {
  const print = printer(options.json);
  const entry = process.argv[1];
  if (entry === undefined) throw new Error('no program to run in the background');
  const folder = chosenFolder(options.folder, process.env, process.cwd());
  const args = process.argv.slice(2).filter((argument) => argument !== '--detach' && argument !== '--json');
  const summary: StackSummary = await startDetached({ folder, entry, args: [...args, '--json'] });
  print(describeSummary(summary), summary);
};
