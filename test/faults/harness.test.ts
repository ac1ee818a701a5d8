/** The harness itself: a fault that does not happen would be survived by anybody. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { startLink } from '../support/faults/link.js';
import { requestName } from '../support/faults/points.js';
import { storm } from '../support/faults/storm.js';
import { startFaultProxy, type Fault } from '../support/s3-fault-proxy.js';
import { temporaryFolder } from '../support/temporary-folder.js';

/** A store that counts what it was told. */
async function store() {
  const told: Buffer[] = [];
  const server = createServer((request, answer) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined); // cut
    request.on('end', () => {
      told.push(Buffer.concat(chunks));
      answer.end(`answer ${told.length}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const proxy = await startFaultProxy(`http://127.0.0.1:${port}`);
  onTestFinished(() => proxy.stop());
  const put = async (fault: Fault | null, body = 'abcdefgh') => {
    proxy.fault = () => fault;
    try {
      const options = { method: 'PUT', body, signal: AbortSignal.timeout(1_500) };
      const answer = await fetch(`${proxy.endpoint}/b/runs/r/x`, options);
      return `${answer.status} ${await answer.text()}`;
    } catch {
      return 'no answer';
    }
  };
  const get = async (fault: Fault | null) => {
    proxy.fault = () => fault;
    return (await fetch(`${proxy.endpoint}/b/runs/r/x`)).text();
  };
  return { told, put, get, port, proxy };
}

describe('the proxy', () => {
  it.each<[Fault, string, string[]]>([
    [{ kind: 'refuse' }, 'no answer', []],
    [{ kind: 'hang' }, 'no answer', []],
    [{ kind: 'drip' }, 'no answer', []],
    [{ kind: 'delay', ms: 20 }, '200 answer 1', ['abcdefgh']],
    [{ kind: 'cut-request', atByte: 3 }, 'no answer', []],
    [{ kind: 'hang', atByte: 3 }, 'no answer', []],
    [{ kind: 'lose-answer' }, 'no answer', ['abcdefgh']],
    [{ kind: 'cut-answer', atByte: 2 }, 'no answer', ['abcdefgh']],
    [{ kind: 'hang-answer', atByte: 2 }, 'no answer', ['abcdefgh']],
    [{ kind: 'flip-request', atBit: 0 }, '200 answer 1', ['`bcdefgh']],
    [{ kind: 'flip-answer', atBit: 1 }, '200 cnswer 1', ['abcdefgh']],
  ])('does %o', async (fault, answer, told) => {
    const { put, told: heard } = await store();
    expect(await put(fault)).toBe(answer);
    expect(heard.map(String)).toEqual(told);
    expect(await put(null)).toContain('200 answer');
  });

  it.each<Fault>([
    { kind: 'refuse' },
    { kind: 'cut-request', atByte: 3 },
    { kind: 'cut-answer', atByte: 2 },
    { kind: 'lose-answer' },
  ])('resets the connection instead of closing it: %o', async (fault) => {
    const { proxy, port } = await store();
    const codeOf = async (sent: Fault) => {
      proxy.fault = () => sent;
      const socket = connect(Number(new URL(proxy.endpoint).port), '127.0.0.1');
      socket.resume();
      socket.write(`PUT /b/x HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 8\r\n\r\nabcdefgh`);
      return Promise.race([
        once(socket, 'end').then(() => 'closed'),
        once(socket, 'error').then(([error]) => (error as NodeJS.ErrnoException).code),
      ]).catch((error: NodeJS.ErrnoException) => error.code);
    };
    expect(await codeOf(fault)).toBe('closed');
    expect(await codeOf({ ...fault, reset: true } as Fault)).toBe('ECONNRESET');
  });

  it('answers for the store, with Retry-After or without, and the store hears nothing', async () => {
    const { put, told } = await store();
    for (const retryAfter of [{}, { retryAfter: 1 }])
      expect(await put({ kind: 'answer', status: 503, code: 'SlowDown', ...retryAfter })).toMatch(/^503 .*SlowDown/);
    expect(told).toEqual([]);
  });

  it('says again what was said before', async () => {
    const { get } = await store();
    expect([await get(null), await get(null), await get({ kind: 'stale' }), await get(null)]).toEqual([
      ...['answer 1', 'answer 2', 'answer 2', 'answer 4'],
    ]);
  });
});

it('the same seed gives the same faults, in whatever order requests come; another seed gives others', () => {
  const requests = Array.from({ length: 200 }, (_, i) => ({
    method: 'PUT',
    path: `/b/runs/r/shards/${i}-n/x.safetensors`,
  }));
  const faults = (seed: number, of: typeof requests) => {
    const plan = storm({ seed, rate: 0.3 });
    return new Map(of.map((request) => [request.path, JSON.stringify(plan(request))]));
  };
  const first = faults(7, requests);
  expect(faults(7, [...requests].reverse())).toEqual(new Map([...first].reverse()));
  expect(faults(8, requests)).not.toEqual(first);
  const hit = [...first.values()].filter((fault) => fault !== 'null').length;
  expect(hit).toBeGreaterThan(40);
  expect(hit).toBeLessThan(80);
});

it('points have the same names in every run', () => {
  const nameOf = (method: string, path: string) => requestName({ method, path });
  expect(nameOf('PUT', '/b/runs/r-1/shards/6-ab12/fe.safetensors?x-id=PutObject')).toBe('PUT shard of 6');
  expect(nameOf('PUT', '/b/runs/r-1/checkpoints/00000000000000000003.json')).toBe('PUT manifest 3');
  expect(nameOf('GET', '/b?list-type=2&prefix=runs%2Fr-1%2Fcheckpoints%2F')).toBe('LIST checkpoints');
  expect(nameOf('GET', '/b?list-type=2&prefix=runs%2Fr-1%2Fshards%2F6-ab12%2F')).toBe('LIST shards of 6');
  expect(nameOf('DELETE', '/b/runs/r-1/shards/6-ab12/condemned.json')).toBe('DELETE fence of 6');
  expect(nameOf('GET', '/b/datasets/d/manifest.json')).toBe('GET datasets');
});

it('a cable that is cut lets nothing through, and what was on its way arrives late', async () => {
  const { port, told } = await store();
  const link = await startLink(() => port);
  onTestFinished(() => link.stop());
  const put = () =>
    fetch(`http://127.0.0.1:${link.port}/`, { method: 'PUT', body: 'x' }).then((answer) => answer.text());
  expect(await put()).toBe('answer 1');
  link.cut();
  const late = put();
  expect(await Promise.race([late, new Promise((resolve) => setTimeout(resolve, 200, 'nothing'))])).toBe('nothing');
  expect(told.length).toBe(1);
  link.heal();
  expect(await late).toBe('answer 2');
});

const inNode = (preload: string, env: NodeJS.ProcessEnv, program: string): string => {
  const path = pathToFileURL(join(repositoryRoot(), 'test', 'support', 'faults', preload)).href;
  const options = { env: { ...process.env, ...env, NODE_OPTIONS: `--import=${path}` }, encoding: 'utf8' } as const;
  return execFileSync(process.execPath, ['--input-type=module', '-e', program], options).trim();
};

it('the clock is off by what the file says, and jumps with a signal', () => {
  const file = join(temporaryFolder(), 'clock');
  writeFileSync(file, '-86400000');
  const said = inNode(
    'clock-preload.mjs',
    { TEMPER_FAULT_CLOCK: file, TRUE_NOW: String(Date.now()) },
    `import { writeFileSync } from 'node:fs';
     const off = () => Math.round((Date.now() - Number(process.env.TRUE_NOW)) / 3600000);
     const first = [off(), Math.round((new Date().getTime() - Date.now()) / 1000), new Date(0).getTime(), new Date() instanceof Date];
     writeFileSync(process.env.TEMPER_FAULT_CLOCK, '86400000');
     process.kill(process.pid, 'SIGUSR2');
     setTimeout(() => console.log(JSON.stringify([...first, off()])), 100);`,
  );
  expect(JSON.parse(said)).toEqual([-24, 0, 0, true, 24]);
});

it('an injected full disk refuses writes while its file is there', () => {
  const folder = temporaryFolder();
  const said = inNode(
    'disk-preload.mjs',
    { TEMPER_FAULT_DISK: join(folder, 'full') },
    `import { open, rm, writeFile } from 'node:fs/promises';
     const file = await open(${JSON.stringify(join(folder, 'x'))}, 'w');
     const write = () => file.write(Buffer.from('x')).then(() => 'ok', (error) => error.code);
     const said = [await write()];
     await writeFile(process.env.TEMPER_FAULT_DISK, '');
     said.push(await write());
     await rm(process.env.TEMPER_FAULT_DISK);
     said.push(await write());
     console.log(said.join());`,
  );
  expect(said).toBe('ok,ENOSPC,ok');
});
