/** `npm run bench -- NAME`: measures, prints, and keeps the figures in bench/RESULTS.md. */
import { Argument, Command, InvalidArgumentError } from 'commander';
import { nearest, quotedList } from '../job/nearest.js';
import { Unavailable, type Bench } from './bench.js';
import { data } from './data.js';
import { durability } from './durability.js';
import { features } from './features.js';
import { glosses } from './glosses.js';
import { gpu } from './gpu.js';
import { memory } from './memory.js';
import { writeSection } from './results.js';
import { scale } from './scale.js';
import { step } from './step.js';

const benches: readonly Bench[] = [step, memory, glosses, features, data, durability, scale, gpu];

function benchCalled(name: string): Bench {
  const found = benches.find((bench) => bench.name === name);
  if (found) return found;
  const names = benches.map((bench) => bench.name);
  const meant = nearest(name, names);
  throw new InvalidArgumentError(meant ? `Did you mean \`${meant}\`?` : `There are ${quotedList(names)}.`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Expected a whole number above 0.');
  return value;
}

interface Options {
  readonly peers: boolean;
  readonly rounds?: number;
  readonly only: string;
  readonly json: boolean;
}

const say = (sentence: string) => void process.stderr.write(`${sentence}\n`);

await new Command('npm run bench --')
  .description('Measures side by side in one run; a budget that is missed is said, and is no failure.')
  .addArgument(new Argument('<name>', 'which bench').argParser(benchCalled))
  .option('--peers', 'also PyTorch and Keras, in a Python environment of their own (7 GB, built on first use)', false)
  .option('--rounds <count>', 'how often each takes its turn (default: 5; glosses 1)', positive)
  .option(
    '--only <work>',
    'only work whose name contains this (step: minilm, cnn, ...; glosses: epoch, whole; data: glosses, images, rows, waiting; durability: upload, worker-memory, recovery, checkpoint, overhead); not kept',
    '',
  )
  .option('--json', 'the figures as JSON on stdout', false)
  .addHelpText(
    'after',
    `\nBenches:\n${benches.map(({ name, description }) => `  ${name.padEnd(10)}${description}`).join('\n')}`,
  )
  .showHelpAfterError('(`--help` lists the benches)')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .action(async (bench: Bench, { peers, rounds, only, json }: Options) => {
    try {
      const { report, figures, missed } = await bench.run({ peers, rounds: rounds ?? bench.defaultRounds, only, say });
      process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : `${report}\n`);
      for (const sentence of missed) say(`MISSED: ${sentence}.`);
      if (only === '') say(`Kept in ${writeSection(bench.name, report)}.`);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      say(error.message);
      process.exitCode = 3;
    }
  })
  .parseAsync();
