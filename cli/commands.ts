import { Command } from 'commander';

/** A command as `temper --help` lists it. What does it is loaded when it is called: most commands need little of what there is. */
export interface ListedCommand {
  /** Its name, then options and arguments as commander lists them. */
  readonly usage: string;
  readonly description: string;
  readonly load: () => Promise<Command>;
}

const listed = (usage: string, description: string, load: ListedCommand['load']): ListedCommand => ({
  usage,
  description,
  load,
});

export const nameOf = ({ usage }: ListedCommand): string => usage.split(' ', 1)[0]!;

/** In the order of a first day: start, choose, run, look, steer, use the result. */
export const listedCommands: readonly ListedCommand[] = [
  listed('demo [options]', 'Fine-tune a real model on real data, from nothing, and say what to try next', async () =>
    (await import('./demo.js')).demo(),
  ),
  listed('up [options]', 'Start Temporal, an S3 server and workers on this machine, and keep them running', async () =>
    (await import('./up.js')).up(),
  ),
  listed('down [options]', 'Stop the stack that `temper up` started, from any terminal', async () =>
    (await import('./down.js')).down(),
  ),
  listed(
    'doctor [options]',
    'List every part Temper needs: its version, where it is from, whether it works and what to do',
    async () => (await import('./doctor.js')).doctor(),
  ),
  listed('worker [options]', 'Run a worker in this terminal', async () => (await import('./worker.js')).worker()),
  listed('models', 'The base models that a job can name', async () => (await import('./models.js')).models()),
  listed('data', 'Prepare data, and see what they are', async () => (await import('./data.js')).data()),
  listed('lr-find [options] <job>', 'Find a learning rate for a job: a short training over growing rates', async () =>
    (await import('./lr-find.js')).lrFind(),
  ),
  listed('run [options] <job>', 'Check a job file and start its run', async () => (await import('./run.js')).run()),
  listed('list [options]', 'List the runs', async () => (await import('./list.js')).list()),
  listed('status [options] <run>', 'Show how a run stands', async () => (await import('./status.js')).status()),
  listed('watch [options] <run>', 'Follow a run to its end', async () => (await import('./watch.js')).watch()),
  listed('explain [options] <run>', 'Tell what happened to a run, and what it cost', async () =>
    (await import('./explain.js')).explain(),
  ),
  listed('replay [options] <run>', 'Do the step again on this machine that ended the engine of a run', async () =>
    (await import('./replay.js')).replay(),
  ),
  listed('pause [options] <run>', 'Stop a run after its current step, until `temper resume`', async () =>
    (await import('./pause.js')).pause(),
  ),
  listed('resume [options] <run>', 'Let a paused run go on', async () => (await import('./resume.js')).resume()),
  listed(
    'adjust [options] <run>',
    "Change a running run's learning rate, epochs, patience, batch size or checkpoint interval",
    async () => (await import('./adjust.js')).adjust(),
  ),
  listed('stop [options] <run>', 'End training now and keep the best model', async () =>
    (await import('./stop.js')).stop(),
  ),
  listed('cancel [options] <run>', 'End a run without a model', async () => (await import('./cancel.js')).cancel()),
  listed('checkpoints', "List, verify or fork a run's checkpoints on S3, or delete what nobody needs", async () =>
    (await import('./checkpoints.js')).checkpoints(),
  ),
  listed(
    'predict [options] <model> [input...]',
    "What a model says of texts, images or rows: a finished run's, or an exported folder's",
    async () => (await import('./predict.js')).predict(),
  ),
  listed('export [options] <run>', "Write a finished run's model into a folder", async () =>
    (await import('./export.js')).exportCommand(),
  ),
  listed('schedule', 'Train again and again, at times or in intervals', async () =>
    (await import('./schedule.js')).schedule(),
  ),
];

/** All commands, as the help lists them; the one that is called, or whose help is asked for, as it is. */
export async function commandsFor([first, second]: readonly string[]): Promise<Command[]> {
  const called = first === 'help' ? second : first;
  return Promise.all(
    listedCommands.map(async (one) =>
      nameOf(one) === called ? one.load() : new Command(nameOf(one)).description(one.description),
    ),
  );
}

/** How the help lists a command; commander's own `help` is not of the list. */
export const usageOf = (name: string): string =>
  listedCommands.find((one) => nameOf(one) === name)?.usage ?? `${name} [command]`;
