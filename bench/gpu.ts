import { tryTensorFlow } from '../infra/doctor/tensorflow.js';
import { nvidiaDevice } from '../engine/nvidia.js';
import { Unavailable, type Bench } from './bench.js';
import { deviceChecks } from './gpu/checks.js';
import { interleave } from './interleave.js';
import { describeBench } from './machine.js';
import { stepRows, table } from './results.js';
import { groups } from './step/groups.js';

/** @throws Unavailable with one sentence where TensorFlow computes on no GPU. */
async function requireGpu(): Promise<void> {
  const found = await tryTensorFlow();
  if (!found.usable) throw new Unavailable(`TensorFlow does not load here (${found.problem}): see \`temper doctor\`.`);
  if (found.device !== 'GPU') {
    throw new Unavailable('TensorFlow computes on the CPU here: docs/setup.md, "CUDA", says how to give it a GPU.');
  }
}

export const gpu: Bench = {
  name: 'gpu',
  description: 'on a machine with a GPU: parity, the same bits twice and after a cut, and the times of steps',
  defaultRounds: 5,
  async run({ rounds, say }) {
    await requireGpu();
    const checks = await deviceChecks(say);
    const measured = [];
    for (const { work, contenders } of groups(false)) {
      say(`${work}:`);
      const ours = contenders.filter(({ rows }) => rows.every(({ peer }) => peer.startsWith('temper')));
      measured.push(...(await interleave(ours, rounds, say)));
    }
    const machine = [...(await describeBench(false)), nvidiaDevice() ?? "a GPU that is not NVIDIA's"];
    const verdicts = checks.map(({ what, found, passed }) => [what, found, passed ? 'passed' : 'FAILED']);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        `\n${table(['check', 'found', ''], verdicts)}`,
        `\n${stepRows(measured)}`,
      ].join('\n'),
      figures: { machine, checks, rows: measured },
      missed: checks.filter(({ passed }) => !passed).map(({ what, found }) => `${what}: ${found}`),
    };
  },
};
