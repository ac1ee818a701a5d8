import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { commandMark, endLeftovers } from '../../infra/stack/leftovers.js';
import { identify, isAlive } from '../../infra/stack/process-identity.js';

/** A process that starts another one in a group of its own, says its pid, and ends: nobody is its parent any more. */
async function leave(id: string): Promise<number> {
  const program =
    "const child = require('child_process').spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });" +
    'child.unref(); console.log(child.pid)';
  const parent = spawn(process.execPath, ['-e', program], { env: { ...process.env, [commandMark]: id } });
  let said = '';
  parent.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await once(parent, 'close');
  return Number(said);
}

test('what a command has left running is ended, and nothing of another command', async () => {
  const [ours, other] = [randomUUID(), randomUUID()];
  const [left, foreign] = [await leave(ours), await leave(other)];
  const [leftProcess, foreignProcess] = [identify('sleep', left)!, identify('sleep', foreign)!];
  expect(isAlive(leftProcess)).toBe(true);
  expect(await endLeftovers(ours)).toEqual([`sleep (${left})`]);
  expect([isAlive(leftProcess), isAlive(foreignProcess)]).toEqual([false, true]);
  expect(await endLeftovers(ours)).toEqual([]);
  expect(await endLeftovers(other)).toEqual([`sleep (${foreign})`]);
});
