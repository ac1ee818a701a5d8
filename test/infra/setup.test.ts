import { expect, test } from 'vitest';
import { gist } from '../../infra/parts/tool.mjs';
import { missingPrerequisites, nodeProblem } from '../../infra/prerequisites.mjs';
import { withLock } from '../../infra/setup/lock.mjs';
import { lockfileDifference } from '../../infra/setup/packages.mjs';

test('Node 20.19 and everything later is accepted', () => {
  expect(['20.19.0', '22.3.0', '24.9.0'].map(nodeProblem)).toEqual([undefined, undefined, undefined]);
  expect(nodeProblem('20.18.3')).toContain('install Node 20.19 or later');
  expect(nodeProblem('18.20.0')).toContain('too old');
});

test('every missing prerequisite is named at once, each once', async () => {
  const path = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    const sentences = await missingPrerequisites(['python', 'go', 'python', 'compiler', 'npm', 'tar']);
    expect(sentences.map((sentence) => sentence.split(' is missing')[0])).toEqual([
      'Python',
      'Go',
      'A C++ compiler',
      'npm',
      'tar',
    ]);
  } finally {
    process.env['PATH'] = path;
  }
});

test('installed packages are right when each has the version of the lockfile', () => {
  const wanted = {
    packages: {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0', optional: true },
    },
  };
  expect(lockfileDifference(wanted, { packages: { 'node_modules/a': { version: '1.0.0' } } })).toBeUndefined();
  expect(lockfileDifference(wanted, { packages: {} })).toBe('node_modules/a should be 1.0.0, found none');
  const old = { packages: { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.9.0' } } };
  expect(lockfileDifference(wanted, old)).toBe('node_modules/b should be 2.0.0, found 1.9.0');
});

test('those who want one lock take turns', async () => {
  const order: string[] = [];
  const turn = (name: string) =>
    withLock('test', async () => {
      order.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} out`);
    });
  await Promise.all([turn('a'), turn('b')]);
  expect(order).toEqual(['a in', 'a out', 'b in', 'b out']);
});

test('a long log is told by its start and its end', () => {
  const log = Array.from({ length: 100 }, (_, line) => `line ${line}`).join('\n');
  expect(gist(log)).toHaveLength(17);
  expect(gist(log)).toEqual(expect.arrayContaining(['line 0', '...', 'line 99']));
});
