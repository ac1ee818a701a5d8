import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { engineEnvironment } from '../../engine/environment.js';
import { builtFile } from '../support/spawned-stack.js';

/** Of each kind of state that a race could spoil: slots, averages, accumulators, statistics, sums by segment. */
const cases = ['rmsprop', 'moving averages of accumulated steps', 'resnet, accumulated', 'gpt2 as a language model'];

const run = promisify(execFile);

async function digestsOf(interOpThreads: number): Promise<string> {
  const env = { ...process.env, ...engineEnvironment({ intraOpThreads: 4, interOpThreads }) };
  const { stdout } = await run(process.execPath, [builtFile('test/support/train-cases.ts'), ...cases], { env });
  return stdout;
}

test('a run has the same bits in every process, whether ops run one at a time or four', async () => {
  const [first, ...others] = [await digestsOf(1), await digestsOf(4), await digestsOf(4)];
  expect(first.trim().split('\n')).toHaveLength(cases.length);
  for (const other of others) expect(other).toBe(first);
}, 300_000);
