import { createServer, type AddressInfo } from 'node:net';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { objectsBelow } from '../support/bucket.js';
import { eventually } from '../support/poll.js';
import { expectExit, temperIn, withClient, writeTinyJob, type JobSections } from '../support/runs.js';
import { startTestStack, type CommandResult, type TestStack } from '../support/stack.js';

const refusal = ({ code, stdout, stderr }: CommandResult, expected: { code: number; says: (string | RegExp)[] }) => {
  expect({ code, stdout, stderr }).toMatchObject({ code: expected.code, stdout: '' });
  for (const part of expected.says) expect(stderr).toMatch(part);
  expect(stderr).not.toMatch(/^\s+at |Error:|\[object|undefined/m);
  expect(stderr).toMatch(/^temper: /);
};

/** One sentence, or two, in one line. */
const oneSentence = (result: CommandResult, expected: { code: number; says: (string | RegExp)[] }) => {
  refusal(result, expected);
  expect(result.stderr.trim().split('\n')).toHaveLength(1);
};

describe('what is wrong is said in a sentence, and nothing is started', () => {
  let stack: TestStack;
  let before: { workflows: number; objects: string[] };

  const startedSoFar = async () => ({
    workflows: await withClient(stack, async (client) => (await client.workflow.count()).count),
    objects: objectsBelow(stack, '').map(({ key }) => key),
  });

  beforeAll(async () => {
    stack = await startTestStack();
    writeTinyJob(stack.directory);
    before = await startedSoFar();
  }, 300_000);
  afterAll(async () => {
    await stack.stop();
  });

  const expectNothingStarted = async () => expect(await startedSoFar()).toEqual(before);

  const runOf = (sections: JobSections) => stack.temper(['run', writeTinyJob(stack.directory, sections, 'wrong.yaml')]);

  /** A copy of the tiny model, changed. */
  const modelWith = (name: string, change: (folder: string) => void): string => {
    const folder = join(stack.directory, name);
    cpSync(join(stack.directory, 'tiny-bert'), folder, { recursive: true });
    change(folder);
    return `file:${name}`;
  };

  const editJson = (path: string, edit: (value: Record<string, unknown>) => void): void => {
    const value = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    edit(value);
    writeFileSync(path, JSON.stringify(value));
  };

  /** Rewrites the header of a safetensors file; offsets count from its end, so the bytes stay where they are. */
  const editTensors = (path: string, edit: (header: Record<string, { shape: number[] }>) => void): void => {
    const file = readFileSync(path);
    const headerBytes = Number(file.readBigUInt64LE(0));
    const header = JSON.parse(file.subarray(8, 8 + headerBytes).toString('utf8')) as Record<
      string,
      { shape: number[] }
    >;
    edit(header);
    const text = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(text.byteLength));
    writeFileSync(path, Buffer.concat([length, text, file.subarray(8 + headerBytes)]));
  };

  it('an unknown key, with its line and the nearest valid name', async () => {
    oneSentence(await runOf({ train: { learningrate: 1e-3 } }), {
      code: 2,
      says: [/wrong\.yaml:\d+:\d+/, 'learningrate', 'did you mean `learningRate`?'],
    });
    await expectNothingStarted();
  });

  it('a column that the data does not have, with those it has', async () => {
    oneSentence(await runOf({ data: { text: 'glos' } }), { code: 2, says: ['glos', 'gloss'] });
    await expectNothingStarted();
  });

  it('a batch larger than all rows to train on', async () => {
    const says = ['train.batchSize: expected at most 192, the rows to train on, found 300'];
    oneSentence(await runOf({ train: { batchSize: 300 } }), { code: 2, says });
    await expectNothingStarted();
  });

  it('a row far into a source so large that all cores look at it', async () => {
    const job = { name: 'large', data: { source: 'large.jsonl', leakage: 'off', clean: { dropEmpty: false } } };
    const labels = ['noun.animal', 'noun.plant'];
    const rows = Array.from({ length: 700 }, (_, i) =>
      JSON.stringify({ gloss: `${i} ${'word '.repeat(20_000)}`, topic: labels[i % 2] }),
    );
    const source = join(stack.directory, 'large.jsonl');
    writeFileSync(source, rows.join('\n'));
    const cache = join(stack.directory, 'cache');
    const check = () =>
      stack.temper(['run', writeTinyJob(stack.directory, job, 'wrong.yaml'), '--check', '--json'], {
        env: { TEMPER_CACHE: cache },
      });
    const said = () => check().then((result) => JSON.parse(expectExit(result)) as object);
    expect(await said()).toMatchObject({ ok: true, classes: 2, rows: { test: 70 } });
    // Asked again, it is told what was found then.
    const [kept, ...others] = readdirSync(join(cache, 'decided')).map((name) => join(cache, 'decided', name));
    expect(others).toEqual([]);
    editJson(kept!, (decided) => (decided['rows'] = [560, 70, 69]));
    expect(await said()).toMatchObject({ rows: { test: 69 } });
    writeFileSync(kept!, readFileSync(kept!).subarray(0, 100)); // torn
    expect(await said()).toMatchObject({ rows: { test: 70 } });
    for (const row of [400, 600]) rows[row] = rows[row]!.replace(/"noun.*"/, '""');
    writeFileSync(source, rows.join('\n'));
    oneSentence(await check(), { code: 2, says: [/large\.jsonl:401: expected a label/] });
    await expectNothingStarted();
  });

  it('a class of which no row is left to train on', async () => {
    const parts = ['train', 'train', 'train', 'validation', 'test'];
    const text = readFileSync(join(stack.directory, 'tiny-glosses.jsonl'), 'utf8').trimEnd();
    const rows = text.split('\n').map((line, index) => {
      const part = parts[index % parts.length];
      return JSON.stringify({ ...(JSON.parse(line) as object), part });
    });
    const lonely = { id: '0', gloss: 'the only one of its kind', topic: 'noun.lonely', part: 'test' };
    writeFileSync(join(stack.directory, 'lonely.jsonl'), [...rows, JSON.stringify(lonely), ''].join('\n'));
    oneSentence(await runOf({ data: { source: 'lonely.jsonl', split: { column: 'part' } } }), {
      code: 2,
      says: ['lonely.jsonl', 'class `noun.lonely` has none'],
    });
    await expectNothingStarted();
  });

  it('a data file, a model folder and a job file that are not there', async () => {
    oneSentence(await runOf({ data: { source: 'nowhere.jsonl' } }), { code: 2, says: ['nowhere.jsonl'] });
    oneSentence(await runOf({ model: 'file:nowhere' }), { code: 2, says: ['nowhere'] });
    oneSentence(await stack.temper(['run', 'nowhere.yaml']), { code: 2, says: ['nowhere.yaml'] });
    await expectNothingStarted();
  });

  it('a table of synonyms that is not there, names no synonyms, or has no word that the model knows', async () => {
    const runWith = (text: string | null) => {
      if (text !== null) writeFileSync(join(stack.directory, 'words.csv'), text);
      return runOf({ data: { augment: { synonyms: { table: 'words.csv' } } } });
    };
    const table = 'data.augment.synonyms.table';
    oneSentence(await runWith(null), { code: 2, says: [table, /there is no file .*words\.csv/] });
    oneSentence(await runWith('word,means\nbird,plant\n'), {
      code: 2,
      says: [table, 'column `synonyms` in words.csv'],
    });
    oneSentence(await runWith('word,synonyms\nbird,plant\nstone,\n'), { code: 2, says: [table, 'words.csv:3'] });
    oneSentence(await runWith('word,synonyms\n語彙,彙語\n'), { code: 2, says: [table, 'does not, such as "語彙"'] });
    await expectNothingStarted();
  });

  it('a model that lacks tensors and has others of the wrong shape: every difference is listed', async () => {
    const model = modelWith('damaged-bert', (folder) =>
      editTensors(join(folder, 'model.safetensors'), (header) => {
        const names = Object.keys(header).filter((name) => name !== '__metadata__');
        const rename = names.find((name) => name.endsWith('encoder.layer.0.attention.self.query.weight'));
        const reshape = names.find((name) => name.endsWith('embeddings.LayerNorm.weight'));
        const [entry, other] = [header[rename ?? ''], header[reshape ?? '']];
        if (!rename || !entry || !other) throw new Error(`not found among ${names.join(', ')}`);
        header['stranger.weight'] = entry;
        delete header[rename];
        other.shape = [other.shape[0]! / 2, 2];
      }),
    );
    const result = await runOf({ model });
    refusal(result, {
      code: 2,
      says: [
        /3 tensors differ/,
        /encoder\.layer\.0\.attention\.self\.query\.weight\s+\[\d+, \d+\]\s+missing/,
        /embeddings\.LayerNorm\.weight\s+\[\d+\]\s+\[\d+, 2\]/,
        /stranger\.weight\s+no such tensor/,
      ],
    });
    await expectNothingStarted();
  });

  it('a tokenizer that does not fit the model', async () => {
    const model = modelWith('other-tokenizer', (folder) =>
      editJson(join(folder, 'tokenizer.json'), (tokenizer) => {
        const { vocab } = tokenizer['model'] as { vocab: Record<string, number> };
        vocab['zyzzyva'] = 31_337;
      }),
    );
    oneSentence(await runOf({ model }), { code: 2, says: ['tokenizer.json', 'zyzzyva', '31337'] });
    await expectNothingStarted();
  });

  it('a pattern that matches no tensor, with the nearest name', async () => {
    oneSentence(await runOf({ freeze: { train: ['head', 'encodr.layer.0'] } }), {
      code: 2,
      says: ['freeze.train[1]', 'encodr.layer.0', /did you mean `encoder/],
    });
    await expectNothingStarted();
  });

  /** A port that nobody listens on. */
  const closedPort = (): Promise<number> =>
    new Promise((resolve) => {
      const server = createServer().listen(0, '127.0.0.1', () => {
        const { port } = server.address() as AddressInfo;
        server.close(() => resolve(port));
      });
    });

  const s3Of = () => ({
    TEMPER_S3_ENDPOINT: `http://127.0.0.1:${stack.record().ports.s3}`,
    TEMPER_S3_BUCKET: stack.record().bucket,
  });

  it('no S3: exit 3, naming the endpoint', async () => {
    const endpoint = `http://127.0.0.1:${await closedPort()}`;
    const env = {
      TEMPER_S3_ENDPOINT: endpoint,
      TEMPER_S3_BUCKET: 'temper',
      AWS_ACCESS_KEY_ID: 'a',
      AWS_SECRET_ACCESS_KEY: 'b',
    };
    oneSentence(await temperIn(stack.directory, ['run', 'tiny.yaml'], env), { code: 3, says: [endpoint] });
    await expectNothingStarted();
  });

  it('no Temporal: exit 3, naming the address', async () => {
    const address = `127.0.0.1:${await closedPort()}`;
    const result = await temperIn(stack.directory, ['run', 'tiny.yaml'], { TEMPORAL_ADDRESS: address });
    oneSentence(result, { code: 3, says: [address] });
    await expectNothingStarted();
  });

  it('wrong credentials of S3: exit 3, and the secret is not repeated', async () => {
    const env = { ...s3Of(), AWS_ACCESS_KEY_ID: 'NOBODY', AWS_SECRET_ACCESS_KEY: 'not-the-secret' };
    const result = await temperIn(stack.directory, ['run', 'tiny.yaml'], env);
    oneSentence(result, { code: 3, says: [/credentials/] });
    expect(result.stderr).not.toContain('not-the-secret');
    await expectNothingStarted();
  });

  it('no stack and nothing configured: exit 3, with what to do', async () => {
    const result = await temperIn(stack.directory, ['list'], { TEMPER_HOME: join(stack.directory, 'nowhere') });
    oneSentence(result, { code: 3, says: [/temper up/] });
  });

  it('a named port that is taken, and a second up in the same folder: exit 2', async () => {
    const { s3 } = stack.record().ports;
    const taken = await stack.temper(['up', '--folder', join(stack.directory, 'other'), '--s3-port', String(s3)]);
    oneSentence(taken, { code: 2, says: [`Port ${s3}`, '--s3-port', /taken/] });
    const pids = stack.pids();
    oneSentence(await stack.temper(['up', '--detach']), { code: 2, says: [/already runs/] });
    expect(stack.pids()).toEqual(pids);
  });

  it('a run that does not exist: exit 2, for every command that names one', async () => {
    const commands = ['status', 'watch', 'explain', 'pause', 'resume', 'stop', 'cancel', 'predict'];
    for (const args of [...commands.map((name) => [name, 'no-such-run']), ['checkpoints', 'list', 'no-such-run']])
      oneSentence(await stack.temper(args), { code: 2, says: ['There is no run no-such-run'] });
  });

  it('a service that hangs is found by doctor, though the kernel takes connections for it', async () => {
    const doctor = async () => {
      const { code, stdout } = await stack.temper(['doctor', '--json']);
      const { services } = JSON.parse(stdout) as { services: { name: string; reachable: boolean; problem?: string }[] };
      return { code, silent: services.filter(({ reachable }) => !reachable) };
    };
    // On a busy machine another one may be late, once.
    const doctorUntilSilent = (...names: string[]) =>
      eventually(
        `silent: ${names.join()}`,
        async () => {
          const found = await doctor();
          return found.silent.map(({ name }) => name).join() === names.join() && found;
        },
        120_000,
      );
    expect(await doctorUntilSilent()).toEqual({ code: 0, silent: [] });
    for (const [process, name] of [
      ['s3', 'S3'],
      ['temporal', 'Temporal'],
    ] as const) {
      stack.kill(process, 'SIGSTOP');
      try {
        expect(await doctorUntilSilent(name)).toMatchObject({
          code: 3,
          silent: [{ name, problem: expect.stringMatching(/not|nothing/) as string }],
        });
      } finally {
        stack.kill(process, 'SIGCONT');
      }
    }
  });

  it('a service that is gone in the middle: exit 3, and it comes back', async () => {
    stack.kill('up', 'SIGSTOP'); // so that it does not start it again at once
    try {
      stack.kill('temporal');
      oneSentence(await stack.temper(['list']), { code: 3, says: ['Temporal does not answer at 127.0.0.1:'] });
    } finally {
      stack.kill('up', 'SIGCONT');
    }
    await eventually('Temporal is back', async () => (await stack.temper(['list'])).code === 0);
  });
});
