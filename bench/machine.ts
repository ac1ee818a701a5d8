import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { engineEnvironment } from '../engine/environment.js';
import { describeMachine } from '../infra/doctor/machine.js';
import { cacheRoot } from '../infra/parts/cache.mjs';
import { inspectParts } from '../infra/parts.mjs';
import { repositoryRoot } from '../infra/parts/root.mjs';

/** What an engine of this machine is started with: all cores when the job says nothing, one op at a time. */
export const engineProcessEnvironment = (threads = availableParallelism()): NodeJS.ProcessEnv => ({
  ...process.env,
  ...engineEnvironment({ intraOpThreads: threads, interOpThreads: 1 }),
});

/** Processes that want a core; below it a machine counts as quiet. */
const QUIET = 2;
const PATIENCE_MS = 5 * 60_000;

/** Processes that wanted a core over the last minute, our own included. */
export const load = (): number => Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]);

/** Waits until nobody else uses the machine, for some minutes at most: ratios of what runs in turn are fair in the end. */
export async function settled(say: (sentence: string) => void): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  if (load() >= QUIET) say(`Load ${load()}: waiting for less than ${QUIET}, 5 minutes at most...`);
  while (load() >= QUIET && performance.now() < until) await delay(5_000);
}

/** Where and with what a figure was measured, a line each. */
export async function describeBench(peers: boolean, peersPinned = 'requirements.txt'): Promise<string[]> {
  const { cpu, cores, instructionSets } = await describeMachine(cacheRoot());
  const tensorflow = inspectParts().find(({ key }) => key === 'libtensorflow')!;
  const require = createRequire(import.meta.url);
  const tfjs = (require('@tensorflow/tfjs-node-gpu/package.json') as { version: string }).version;
  const requirements = readFileSync(join(repositoryRoot(), 'bench', 'peers', peersPinned), 'utf8');
  const pinned = requirements
    .split('\n')
    .filter((line) => /^(torch|transformers|accelerate|boto3|tensorflow-cpu|keras)==/.test(line));
  return [
    `${new Date().toISOString().slice(0, 10)}, ${cpu}, ${cores} cores (${instructionSets.join(', ')})`,
    `Node ${process.versions.node}, libtensorflow ${tensorflow.version ?? tensorflow.path}, TensorFlow.js ${tfjs}` +
      (peers ? `; peers: ${pinned.map((line) => line.replace('==', ' ')).join(', ')}` : ''),
  ];
}

/** The most that a process had resident at once, as the kernel counted it, in MiB. */
export function peakMebibytes(pid: number): number {
  const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (!kibibytes) throw new Error(`/proc/${pid}/status tells no VmHWM`);
  return Number(kibibytes) / 1024;
}
