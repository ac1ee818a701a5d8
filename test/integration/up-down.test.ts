import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signalProcess } from '../../infra/stack/reclaim.js';
import { eventually } from '../support/poll.js';
import { runProgram, startTestStack } from '../support/stack.js';
import type { TestStack } from '../support/stack.js';

describe('temper up and temper down, with the real workers', () => {
  let stack: TestStack;
  beforeAll(async () => {
    stack = await startTestStack();
  });
  afterAll(() => stack.stop());

  it('up returns when all processes run', () => {
    expect(Object.keys(stack.pids()).sort()).toEqual(['control', 'data', 'device', 's3', 'temporal', 'up']);
  });

  it('a second up says in one sentence why not, and exits 2', async () => {
    const { code, stdout, stderr } = await stack.temper(['up']);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`A stack already runs in ${stack.folder} (process ${stack.pids()['up']})`);
  });

  it('a taken port that the user named is said in one sentence, exit 2', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
    );
    const other = join(stack.directory, 'other');
    const { code, stdout, stderr } = await stack.temper(['up', '--folder', other, '--ui-port', String(port)]);
    server.close();
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toContain(`Port ${port} of 127.0.0.1, asked for with --ui-port, is taken`);
  });

  it('after the death of up and of all it ran, up brings all back on the same ports', async () => {
    const ports = stack.record().ports;
    const doomed = stack.record().processes.filter(({ name }) => ['temporal', 'device'].includes(name));
    expect(doomed).toHaveLength(2);
    stack.kill('up');
    for (const each of doomed) signalProcess(each, 'SIGKILL'); // but for a worker that was quicker to end by itself
    await eventually('the worker notices', () => !('control' in stack.pids()));
    await stack.up();
    expect(Object.keys(stack.pids()).sort()).toEqual(['control', 'data', 'device', 's3', 'temporal', 'up']);
    expect(stack.record().ports).toEqual(ports);
  });

  it('down ends everything within the grace; once more says that nothing runs, and exits 0', async () => {
    const below = join(stack.directory, 'jobs', 'of-today');
    mkdirSync(below, { recursive: true }); // `down` finds the stack above it, as the other commands do
    expect(await runProgram(['down'], { cwd: below, env: stack.env })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Stopped') as string,
    });
    expect(stack.pids()).toEqual({});
    expect(stack.record()).toMatchObject({ state: 'stopped', processes: [] });
    const again = await stack.temper(['down', '--json']);
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toEqual({ kind: 'not-running', folder: stack.folder });
  });
});
