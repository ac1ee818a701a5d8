import { createHash } from 'node:crypto';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeaturesRef, FineTuneResult } from '../../workflows/contract.js';
import { bucketFolder, objectsBelow } from '../support/bucket.js';
import { eventually } from '../support/poll.js';
import {
  endRuns,
  enginePids,
  expectExit,
  runIs,
  startRun,
  temperIn,
  watchToEnd,
  writeTinyJob,
  type Ending,
  type JobSections,
} from '../support/runs.js';
import { startTestStack, type TestStack } from '../support/stack.js';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.js';

const frozen = ({ train, ...more }: JobSections = {}): JobSections => ({
  freeze: 'all',
  train: { epochs: 2, batchSize: 16, dropout: 0, ...train },
  checkpoint: { everySteps: 1000 },
  ...more,
});

/** Shards of eight rows: what is done once, and what is left, can be told apart. */
describe('features of a frozen base', () => {
  let stack: TestStack;
  let undisturbed: Ending;
  let manyRows: JobSections;

  beforeAll(async () => {
    stack = await startTestStack({ env: { TEMPER_SHARD_ROWS: '8' } });
    writeTinyJob(stack.directory);
    const rows = readFileSync(join(stack.directory, 'tiny-glosses.jsonl'), 'utf8');
    writeFileSync(join(stack.directory, 'many.jsonl'), rows.repeat(8));
    manyRows = frozen({ name: 'many', data: { source: 'many.jsonl' }, train: { epochs: 1 } });
    undisturbed = await watchToEnd(stack, await begin(frozen()));
    expect(undisturbed.state).toBe('done');
  }, 300_000);
  afterAll(() => stack.stop());

  const begin = (sections: JobSections): Promise<string> =>
    startRun(stack, writeTinyJob(stack.directory, sections, 'frozen.yaml'));
  const toEnd = async (sections: JobSections): Promise<Ending> => {
    const end = await watchToEnd(stack, await begin(sections));
    if (end.state !== 'done') throw new Error(end.message);
    return end;
  };
  const featuresOf = ({ result }: Ending): FeaturesRef => result.features!;
  const pathOf = (key: string) => join(bucketFolder(stack), key);
  /** Every object of features with the moment it was written. */
  const written = (digest = '') =>
    objectsBelow(stack, join('features', digest)).map(({ key }) => [key, statSync(pathOf(key)).mtimeMs] as const);
  const notesOf = (objects: ReturnType<typeof written>) => objects.filter(([key]) => /\/\d{5}\.json$/.test(key));
  const shardsOf = (digest: string) =>
    objectsBelow(stack, join('features', digest)).filter(({ key }) => /arrow$/.test(key));
  const forget = (digest: string) => rmSync(pathOf(join('features', digest)), { recursive: true });
  const sha256 = (key: string) =>
    createHash('sha256')
      .update(readFileSync(pathOf(key)))
      .digest('hex');
  /** A host that has not seen the object yet. */
  const dropLocalCopy = (digest: string) => rmSync(join(stack.folder, 'scratch', 'cache', digest));

  it('train the head as the base itself would, and the published model is whole', async () => {
    const without = await toEnd(frozen({ reuseFeatures: 'off' }));
    expect(without.result.features).toBeNull();
    const { rows, computedRows, width } = featuresOf(undisturbed);
    expect({ rows, computedRows, width }).toEqual({ rows: 240, computedRows: 240, width: 32 });
    const metrics = (result: FineTuneResult) => [...result.observations, result.evaluation.metrics];
    metrics(without.result).forEach((expected, i) => {
      for (const [name, value] of Object.entries(expected)) {
        expect(Math.abs(metrics(undisturbed.result)[i]![name]! - value), name).toBeLessThan(1e-6);
      }
    });
    const tensorsOf = async (end: Ending, folder: string) => {
      expectExit(await stack.temper(['export', end.result.run, '--to', folder]));
      const file = readFileSync(join(stack.directory, folder, 'model.safetensors'));
      const header = JSON.parse(file.subarray(8, 8 + Number(file.readBigUInt64LE(0))).toString()) as object;
      return Object.keys(header).sort();
    };
    const tensors = await tensorsOf(undisturbed, 'kept');
    expect(tensors.length).toBeGreaterThan(20);
    expect(tensors).toEqual(await tensorsOf(without, 'recomputed'));
    const said = await Promise.all(
      [undisturbed, without].map(async ({ result }) => {
        const line = expectExit(await stack.temper(['predict', result.run, 'a small domesticated feline', '--json']));
        return JSON.parse(line) as { label: string; score: number };
      }),
    );
    expect(said[0]!.label).toBe(said[1]!.label);
    expect(Math.abs(said[0]!.score - said[1]!.score)).toBeLessThan(1e-5);
  }, 300_000);

  it('are there for a run at another rate, which computes nothing and says so', async () => {
    const before = written();
    const end = await toEnd(frozen({ train: { learningRate: 3e-4, batchSize: 8 } }));
    expect(written()).toEqual(before);
    expect(featuresOf(end)).toMatchObject({ rows: 240, computedRows: 0, digest: featuresOf(undisturbed).digest });
    const sentence = 'those of all 240 rows were there, nothing was computed';
    for (const command of ['status', 'explain', 'watch']) {
      expect(expectExit(await stack.temper([command, end.result.run])), command).toContain(sentence);
    }
  }, 300_000);

  it('go on with the shards that are there when the engine, then the worker are killed', async () => {
    const whole = await toEnd(manyRows);
    const { digest } = featuresOf(whole);
    const all = shardsOf(digest);
    expect(all.length).toBe(240);
    forget(digest);

    const run = await begin(manyRows);
    const notes = (atLeast: number) =>
      eventually(
        `${atLeast} shards have notes`,
        () => {
          const found = notesOf(written(digest));
          return found.length >= atLeast && found;
        },
        60_000,
      );
    const first = await notes(10);
    expect(first.length).toBeLessThan(200);
    for (const pid of enginePids(stack)) process.kill(pid, 'SIGKILL');
    const second = await notes(first.length + 40);
    expect(second.length).toBeLessThan(230);
    stack.kill('device');
    const end = await watchToEnd(stack, run);
    expect(end.state).toBe('done');
    expect(end.result.sessions.map(({ reason }) => reason)).toEqual(['start', 'engine-failed', 'session-lost']);
    const last = new Map(written(digest));
    for (const [key, at] of second) expect(last.get(key), key).toBe(at); // none was computed twice
    expect(shardsOf(digest)).toEqual(all);
    expect(featuresOf(end).computedRows).toBeLessThan(featuresOf(end).rows! - 8 * (second.length - 1));
    expect(end.result.final.stateDigest).toBe(whole.result.final.stateDigest);
  }, 300_000);

  it.each([
    [
      'damaged',
      (path: string) =>
        writeFileSync(
          path,
          readFileSync(path).map((byte, i) => (i === 900 ? byte ^ 1 : byte)),
        ),
    ],
    ['gone', (path: string) => rmSync(path)],
  ])(
    'are computed again where a shard is %s, and nowhere else',
    async (_, harm) => {
      const { digest } = featuresOf(undisturbed);
      const [shard] = shardsOf(digest).slice(5);
      const { key } = shard!;
      const before = written(digest);
      const sound = sha256(key);
      harm(pathOf(key));
      dropLocalCopy(sound);
      const end = await toEnd(frozen({ train: { epochs: 1 } }));
      expect(sha256(key)).toBe(sound);
      const changed = written(digest).filter(([name, at]) => new Map(before).get(name) !== at);
      expect(changed.map(([name]) => basename(name)).sort()).toEqual(
        [basename(key), basename(key).replace(/-.*/, '.json'), 'manifest.json'].sort(),
      );
      const untouched = await toEnd(frozen({ train: { epochs: 1 } }));
      expect(end.result.final.stateDigest).toBe(untouched.result.final.stateDigest);
      expect(written(digest).filter(([name, at]) => new Map(changed).get(name) !== at).length).toBe(before.length - 3);
    },
    300_000,
  );

  it.each(['manifest.json', '00003.json'])(
    'survive a torn %s',
    async (name) => {
      const { digest } = featuresOf(undisturbed);
      const key = join('features', digest, name);
      writeFileSync(pathOf(key), '{"format');
      if (name !== 'manifest.json') rmSync(pathOf(join('features', digest, 'manifest.json')));
      const end = await toEnd(frozen({ train: { epochs: 1 } }));
      expect(JSON.parse(readFileSync(pathOf(key), 'utf8'))).toBeTruthy();
      expect(featuresOf(end).computedRows).toBe(name === 'manifest.json' ? 0 : 8);
    },
    300_000,
  );

  it('a pause while they are computed gives the device back, and the run goes on with what is there', async () => {
    const before = notesOf(written()).length;
    const run = await begin({ ...manyRows, seed: 8 }); // another split: other features
    await runIs(stack, run, 'computes features', ({ stage }) => stage === 'computeFeatures');
    await eventually('some shards are done', () => notesOf(written()).length > before);
    expectExit(await stack.temper(['pause', run]));
    const paused = written();
    expect(notesOf(paused).length).toBeLessThan(before + 240);
    expectExit(await stack.temper(['resume', run]));
    const end = await watchToEnd(stack, run);
    expect(end.state).toBe('done');
    for (const [key, at] of notesOf(paused)) expect(new Map(written()).get(key)).toBe(at);
  }, 300_000);

  it('are not kept with dropout: status, watch and explain say why', async () => {
    const end = await toEnd(frozen({ train: { dropout: 0.1, epochs: 1 } }));
    expect(end.result.features).toBeNull();
    for (const command of ['status', 'watch', 'explain']) {
      const said = expectExit(await stack.temper([command, end.result.run]));
      expect(said, command).toContain('not kept: train.dropout 0.1 makes the base give other outputs in every epoch');
    }
    await endRuns(stack);
  }, 300_000);
});

describe('reuseFeatures: on is refused in one sentence where it would not be exact', () => {
  let folder: string;
  beforeAll(() => (folder = makeTemporaryFolder()));
  afterAll(() => removeFolder(folder));

  it.each<[string, JobSections, string]>([
    [
      'with dropout',
      frozen({ train: { dropout: 0.1 } }),
      'train.dropout 0.1 makes the base give other outputs in every epoch',
    ],
    ['with LoRA', { lora: { rank: 2 }, train: { dropout: 0 } }, 'adapters change the base while they train'],
    ['where the base trains', { train: { dropout: 0 } }, 'a part of the base trains'],
    ['where the base thaws', frozen({ freeze: { gradual: {} } }), 'a part of the base trains'],
    [
      'from random weights',
      frozen({ freeze: { train: ['head'] }, pretrained: false }),
      'the base begins from random weights',
    ],
  ])('%s', async (_, sections, why) => {
    const job = writeTinyJob(folder, { ...sections, reuseFeatures: 'on' }, 'refused.yaml');
    const { code, stdout, stderr } = await temperIn(folder, ['run', job, '--check']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^temper: reuseFeatures: on would not be exact: /);
    expect(stderr).toContain(why);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('is accepted where it is exact', async () => {
    const job = writeTinyJob(folder, { ...frozen(), reuseFeatures: 'on' }, 'fine.yaml');
    const said = expectExit(await temperIn(folder, ['run', job, '--check']));
    expect(said).toContain('computed once');
  });
});
