import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { poisonKey } from '../../storage/layout.js';
import type { RunId } from '../../workflows/contract.js';
import { readObject } from '../support/bucket.js';
import { deeds, writeFaultyModel } from '../support/faulty-module.js';
import { writeJob } from '../support/own-models.js';
import { eventually } from '../support/poll.js';
import {
  endRuns,
  enginePids,
  expectExit,
  explain,
  runIs,
  runReaches,
  runTrainsBeyond,
  startRun,
  watchToEnd,
  writeLongJob,
  writeTinyJob,
} from '../support/runs.js';
import { builtFile } from '../support/spawned-stack.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.js';

describe('what hangs, what never starts, and what cannot be done', () => {
  let stack: TestStack;
  let dead: string;
  let folder: string;

  beforeAll(async () => {
    folder = makeTemporaryFolder();
    dead = join(folder, 'dead');
    // A device that fell over: while the file is there no engine gets as far as to start.
    const fault = join(folder, 'fault.cjs');
    const engine = "process.argv[1]?.endsWith('engine/host/main.js')";
    writeFileSync(
      fault,
      `if (${engine} && require('fs').existsSync(${JSON.stringify(dead)})) { console.error('the driver fell over'); process.abort(); }`,
    );
    stack = await startTestStack({ env: { NODE_OPTIONS: `--require ${fault}`, TEMPER_PATIENCE_SECONDS: '3' } });
  });
  afterEach(() => {
    rmSync(dead, { force: true });
    return endRuns(stack);
  });
  afterAll(async () => {
    await stack.stop();
    removeFolder(folder);
  });

  it('an engine that hangs is left, and so is a host on which none starts; the run goes on when one does', async () => {
    const run = await startRun(stack, writeLongJob(stack.directory));
    await runTrainsBeyond(stack, run, 50);
    const [hung] = enginePids(stack);
    process.kill(hung!, 'SIGSTOP');
    await runIs(stack, run, 'has left the hung engine', ({ sessions }) => sessions.length === 2);
    await runTrainsBeyond(stack, run, 50);

    writeFileSync(dead, '');
    for (const pid of enginePids(stack)) process.kill(pid, 'SIGKILL');
    const { detail } = await runIs(stack, run, 'names the host', ({ detail }) =>
      /no engine starts on/.test(detail ?? ''),
    );
    expect(detail).toMatch(/^openSession: no engine starts on .+: the engine \(pid \d+\) was ended by SIGABRT/);
    const log = join(stack.folder, 'logs', 'device.log');
    await eventually('its log says so', () =>
      /the driver fell over[^]*takes no sessions until/.test(readFileSync(log, 'utf8')),
    );
    rmSync(dead);

    expect(await watchToEnd(stack, run)).toMatchObject({ code: 0, state: 'done' });
    const { sessions } = await explain(stack, run);
    expect(sessions.map(({ reason }) => reason)).toEqual(['start', 'engine-failed', expect.any(String)]);
    expect(sessions[1]!.detail).toMatch(
      /^trainEpoch: the engine \(pid \d+\) hung at step \d+: no progress for .* it was killed$/,
    );
    expect(readFileSync(log, 'utf8')).toMatch(/An engine starts again: this worker takes sessions/);
  }, 240_000);

  it('a step that ends its engine three times ends the run, with all it takes to do the step again', async () => {
    const model = writeFaultyModel(stack.directory, { inStep: `if (step === 5) { ${deeds.crash} }` });
    const run = await startRun(stack, writeJob(stack.directory, 'poison', { ...model, checkpoint: { everySteps: 2 } }));
    const { state, message } = await watchToEnd(stack, run);
    expect(state).toBe('failed');
    expect(message).toMatch(
      /step 5 ends its engine: 3 times in a row \(on .+\), the last time .* was ended by SIGSEGV at step 5/,
    );
    expect(message).toContain(`temper replay ${run}`);
    const bundle = JSON.parse(readObject(stack, poisonKey(run as RunId, 5, 'bundle.json')).toString()) as Bundle;
    expect(bundle).toMatchObject({
      step: 5,
      epoch: 0,
      cursor: 4,
      checkpoint: { step: 4 },
      seed: bundle.context.job.seed,
    });
    expect(bundle.rows).toEqual([expect.any(Array)]);
    expect(new Set(bundle.rows[0]).size).toBe(8);
    expect(bundle.deaths).toHaveLength(3);
    expect(bundle.said).toContain('the module crashes now');

    const described = expectExit(await stack.temper(['replay', run, '--describe']));
    expect(described).toMatch(/Step 5 of .* ended its engine 3 times/);
    const replayed = expectExit(await stack.temper(['replay', run, '--json']), 1);
    expect(JSON.parse(replayed)).toMatchObject({ replayed: { died: true, sameFingerprint: true } });
    expect(replayed).toMatch(/was ended by SIGSEGV at step 5/);
    expect((await stack.temper(['replay', run, '--step', '6'])).stderr).toMatch(/has no step 6, but 5, that ended/);
  }, 240_000);

  /** A worker beside the stack's own, with scratch space and so a device of its own, as on another host. */
  const startWorker = (name: string, env: NodeJS.ProcessEnv) => {
    const worker = spawn(process.execPath, [builtFile('workers/main.ts'), '--role', 'device'], {
      cwd: stack.directory,
      env: { ...stack.env, TEMPER_SCRATCH: join(folder, name), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const exit = once(worker, 'close');
    onTestFinished(() => void worker.kill('SIGKILL'));
    let said = '';
    for (const stream of [worker.stdout, worker.stderr])
      stream.on('data', (bytes: Buffer) => (said += bytes.toString()));
    return { worker, exit, said: () => said };
  };

  it('a worker without a device says so, takes no session and ends when asked to', async () => {
    const { worker, exit, said } = startWorker('none', { TEMPER_DEVICE_SLOTS: '0' });
    await eventually('it says so', () => said().includes('TEMPER_DEVICE_SLOTS is 0: this worker has no device'));
    const doctor = await stack.temper(['doctor'], { env: { TEMPER_DEVICE_SLOTS: '0' } });
    expect(doctor.stdout).toMatch(/Device to train on: none, as TEMPER_DEVICE_SLOTS is 0/);
    worker.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
  }, 120_000);

  it('a worker on whose device no engine starts says so and ends; a run goes on at another host', async () => {
    const run = await startRun(stack, writeTinyJob(stack.directory, { train: { epochs: 16 } }, 'moved.yaml'));
    await runReaches(stack, run, 50);
    writeFileSync(dead, '');
    for (const pid of enginePids(stack)) process.kill(pid, 'SIGKILL');

    const broken = startWorker('broken', {});
    expect(await broken.exit).toEqual([1, null]);
    expect(broken.said()).toMatch(/No engine starts on .*\n[^]*the driver fell over/);

    const other = startWorker('other', { NODE_OPTIONS: '', TEMPER_PATIENCE_SECONDS: '60' });
    expect(await watchToEnd(stack, run)).toMatchObject({ code: 0, state: 'done' });
    other.worker.kill('SIGTERM');
    expect(await other.exit).toEqual([0, null]);
    const { sessions } = await explain(stack, run);
    expect(sessions.at(-1)).toMatchObject({ detail: expect.stringMatching(/no engine starts on|SIGKILL/) as string });
  }, 240_000);
});

interface Bundle {
  readonly context: { readonly job: { readonly seed: number } };
  readonly rows: readonly number[][];
  readonly deaths: readonly unknown[];
  readonly said: readonly string[];
}
