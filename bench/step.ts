import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { partPaths } from '../infra/parts.mjs';
import { repositoryRoot } from '../infra/parts/root.mjs';
import type { Bench } from './bench.js';
import { interleave, ratioOf, type Contender, type Measured } from './interleave.js';
import { describeBench, engineProcessEnvironment } from './machine.js';
import { peersPython } from './peers/environment.mjs';
import { budgetTable, isMet, table, type Budgeted } from './results.js';
import { Subject } from './subject.js';

const script = (name: string) => fileURLToPath(new URL(`./step/${name}.js`, import.meta.url));

const compiled = (length: number, dropout: number): Contender => ({
  rows: [{ peer: 'temper compiled fp32', work: `minilm 32x${length}${dropout > 0 ? `, dropout ${dropout}` : ''}` }],
  start: () =>
    new Subject(process.execPath, [script('compiled'), `${length}`, `${dropout}`], engineProcessEnvironment()),
});

const languageModel: Contender = {
  rows: [{ peer: 'temper compiled fp32', work: 'gpt2 4x128' }],
  start: () => new Subject(process.execPath, [script('gpt2'), '4', '128'], engineProcessEnvironment()),
};

/** As its users run it, and once more with the environment of our engines: threads and memory settings. */
const plainTfjs = (peer: string, env: NodeJS.ProcessEnv): Contender => ({
  rows: [{ peer, work: 'minilm 32x64' }],
  start: () => new Subject(process.execPath, [script('plain-tfjs')], { TF_CPP_MIN_LOG_LEVEL: '2', ...env }),
});

const python = (file: string, args: readonly string[], rows: readonly string[][]): Contender => ({
  rows: rows.map(([peer, work]) => ({ peer: peer!, work: work! })),
  start: () =>
    new Subject(peersPython(), [join(repositoryRoot(), 'bench', 'peers', file), ...args, '--serve'], process.env),
});

const contenders = (peers: boolean): Contender[] => [
  compiled(64, 0),
  plainTfjs('plain tfjs', process.env),
  plainTfjs('plain tfjs, our environment', engineProcessEnvironment()),
  ...(peers ? pythonPeers() : []),
  compiled(64, 0.1),
  compiled(32, 0),
  compiled(16, 0),
  languageModel,
];

const pythonPeers = (): Contender[] => [
  python(
    'torch_minilm_step.py',
    [partPaths().minilm],
    ['torch eager fp32', 'torch.compile fp32', 'torch eager bf16', 'torch.compile bf16'].map((p) => [
      p,
      'minilm 32x64',
    ]),
  ),
  python(
    'torch_gpt2_step.py',
    [],
    [
      ['torch eager fp32', 'gpt2 4x128'],
      ['torch eager bf16', 'gpt2 4x128'],
    ],
  ),
  python(
    'keras_steps.py',
    [],
    [
      ['keras fit fp32', 'minilm 32x64'],
      ['keras fit fp32', 'cnn 28x28 batch 64'],
    ],
  ),
];

const BUDGETS: readonly (readonly [work: string, peer: string, budget: number | null])[] = [
  ['minilm 32x64', 'plain tfjs', 0.16],
  ['minilm 32x64', 'plain tfjs, our environment', null],
  ['minilm 32x64', 'keras fit fp32', 1],
  ['minilm 32x64', 'torch eager fp32', null],
  ['minilm 32x64', 'torch.compile fp32', 1],
  ['gpt2 4x128', 'torch eager fp32', null],
];

const ratios = (measured: readonly Measured[]): Budgeted[] => {
  const on = (peer: string, work: string) => measured.find((row) => row.peer === peer && row.work === work);
  return BUDGETS.flatMap(([work, peer, budget]) => {
    const [ours, other] = [on('temper compiled fp32', work)!, on(peer, work)];
    return other ? [{ what: `compiled / ${peer}, ${work}`, value: ratioOf(ours, other), budget }] : [];
  });
};

export const step: Bench = {
  name: 'step',
  description:
    'one full training step of MiniLM and of GPT-2 small: compiled, plain TensorFlow.js, with --peers PyTorch and Keras',
  defaultRounds: 5,
  async run({ peers, rounds, say }) {
    if (peers) {
      say("The peers' Python environment: there, or built now (2 to 5 minutes)...");
      peersPython();
    }
    const measured = await interleave(contenders(peers), rounds, say);
    const budgets = ratios(measured);
    const rows = measured.map(({ peer, work, medianMs, minMs, maxMs }) => [
      ...[peer, work],
      ...[medianMs, minMs, maxMs].map((ms) => ms.toFixed(1)),
    ]);
    const machine = await describeBench(peers);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        `- ${rounds} rounds in turn; ms per step, all weights trained; ours with AdamW, clipping and decay`,
        `\n${table(['what', 'work', 'median', 'min', 'max'], rows)}`,
        `\nRatios, the median over the rounds:\n\n${budgetTable(budgets)}`,
      ].join('\n'),
      figures: { machine, rows: measured, ratios: budgets.map((each) => ({ ...each, met: isMet(each) })) },
      missed: budgets
        .filter((each) => !isMet(each))
        .map(({ what, value, budget }) => `${what} is ${value.toFixed(3)}, budget ${budget}`),
    };
  },
};
