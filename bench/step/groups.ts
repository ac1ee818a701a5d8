/** Who is measured beside whom: the subjects of one piece of work run in turn, and a ratio compares two of them. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cpuFlags } from '../../engine/cpu.js';
import { partPaths } from '../../infra/parts.mjs';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { precisionProblem } from '../../training/ops/precision.js';
import type { Contender } from '../interleave.js';
import { engineProcessEnvironment } from '../machine.js';
import { peersPython } from '../peers/environment.mjs';
import { Subject } from '../subject.js';

export interface RatioOf {
  readonly ours: string;
  readonly other: string;
  /** At most; null: shown for information. */
  readonly budget: number | null;
}

/** One piece of work: everybody who does it, and what is held against what. */
export interface Group {
  readonly work: string;
  readonly contenders: readonly Contender[];
  readonly ratios: readonly RatioOf[];
}

export const FP32 = 'temper compiled fp32';
export const BF16 = 'temper compiled bf16';

const script = (name: string) => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** One of the scripts beside this file, in a process as an engine's. */
const temper = (peer: string, work: string, name: string, ...args: string[]): Contender => ({
  rows: [{ peer, work }],
  start: () => new Subject(process.execPath, [script(name), ...args], engineProcessEnvironment()),
});

/** As its users run it, and once more with the environment of our engines: threads and memory settings. */
const plainTfjs = (peer: string, work: string, env: NodeJS.ProcessEnv): Contender => ({
  rows: [{ peer, work }],
  start: () => new Subject(process.execPath, [script('plain-tfjs')], { TF_CPP_MIN_LOG_LEVEL: '2', ...env }),
});

/** A script of bench/peers/, which measures each of `peers` in the same process. */
const python = (file: string, args: readonly string[], work: string, peers: readonly string[]): Contender => ({
  rows: peers.map((peer) => ({ peer, work })),
  start: () =>
    new Subject(peersPython(), [join(repositoryRoot(), 'bench', 'peers', file), ...args, '--serve'], process.env),
});

const atMost = (budget: number | null, other: string, ours = FP32): RatioOf => ({ ours, other, budget });

function minilm(peers: boolean): Group {
  const work = 'minilm 32x64';
  const torch = ['torch eager fp32', 'torch.compile fp32', 'torch eager bf16', 'torch.compile bf16'];
  return {
    work,
    contenders: [
      temper(FP32, work, 'compiled', '64', '0'),
      temper(BF16, work, 'compiled', '64', '0', 'bf16'),
      plainTfjs('plain tfjs', work, process.env),
      plainTfjs('plain tfjs, our environment', work, engineProcessEnvironment()),
      ...(peers
        ? [
            python('torch_minilm_step.py', [partPaths().minilm], work, torch),
            python('keras_steps.py', [], work, ['keras fit fp32']),
          ]
        : []),
    ],
    ratios: [
      atMost(1, 'torch.compile fp32'),
      atMost(1, 'torch.compile bf16', BF16),
      atMost(null, 'torch eager fp32'),
      atMost(null, 'torch eager bf16', BF16),
      atMost(1, 'keras fit fp32'),
      atMost(0.16, 'plain tfjs'),
      atMost(null, 'plain tfjs, our environment'),
    ],
  };
}

/** What dropout and shorter rows cost. */
const minilmVariants: Group = {
  work: 'minilm, other rows',
  contenders: [
    temper(FP32, 'minilm 32x64, dropout 0.1', 'compiled', '64', '0.1'),
    temper(FP32, 'minilm 32x32', 'compiled', '32', '0'),
    temper(FP32, 'minilm 32x16', 'compiled', '16', '0'),
  ],
  ratios: [],
};

function cnn(peers: boolean): Group {
  const work = 'cnn 28x28 batch 64';
  return {
    work,
    contenders: [
      temper(FP32, work, 'cnn', '64'),
      ...(peers ? [python('keras_steps.py', [], work, ['keras fit fp32'])] : []),
    ],
    ratios: [atMost(0.8, 'keras fit fp32')],
  };
}

function mobilenet(peers: boolean): Group {
  const work = 'mobilenet-v2 32x160';
  const torch = ['torch eager fp32', 'torch eager fp32, channels last', 'torch.compile fp32'];
  return {
    work,
    contenders: [
      temper(FP32, work, 'mobilenet', '32', '160'),
      ...(peers
        ? [python('torch_mobilenet_step.py', [], work, torch), python('keras_steps.py', [], work, ['keras fit fp32'])]
        : []),
    ],
    ratios: [
      atMost(1, 'torch eager fp32'),
      atMost(1, 'keras fit fp32'),
      atMost(null, 'torch eager fp32, channels last'),
      atMost(null, 'torch.compile fp32'),
    ],
  };
}

function gpt2(peers: boolean): Group {
  const work = 'gpt2 4x128';
  const torch = ['torch eager fp32', 'torch eager bf16'];
  return {
    work,
    contenders: [
      temper(FP32, work, 'gpt2', '4', '128'),
      temper(BF16, work, 'gpt2', '4', '128', 'bf16'),
      ...(peers ? [python('torch_gpt2_step.py', [], work, torch)] : []),
    ],
    ratios: [atMost(1, 'torch eager fp32'), atMost(null, 'torch eager bf16', BF16)],
  };
}

/** Why bf16 is not measured here, in a sentence; null where the CPU has it. */
export const bf16Problem = (): string | null => precisionProblem('bf16', 'cpu', cpuFlags());

/** Everything that this CPU can do, a group after the other. */
export const groups = (peers: boolean): readonly Group[] =>
  [minilm(peers), minilmVariants, cnn(peers), mobilenet(peers), gpt2(peers)].map((group) =>
    bf16Problem() === null ? group : withoutBf16(group),
  );

/** Where bfloat16 is emulated a step of PyTorch takes minutes, and no job may ask Temper for it. */
const withoutBf16 = ({ work, contenders, ratios }: Group): Group => ({
  work,
  contenders: contenders
    .map((contender) => ({ ...contender, rows: contender.rows.filter(({ peer }) => !/bf16/.test(peer)) }))
    .filter(({ rows }) => rows.length > 0),
  ratios: ratios.filter(({ ours }) => ours !== BF16),
});
