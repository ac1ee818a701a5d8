import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import type { FoundRate } from '../../engine/protocol.js';
import { expectExit, temperIn, writeTinyJob } from '../support/runs.js';
import { makeTemporaryFolder, removeFolder } from '../support/temporary-folder.js';

/** On the tiny BERT, without any server. */
describe('temper lr-find', () => {
  let folder: string;
  beforeAll(() => {
    folder = makeTemporaryFolder();
    mkdirSync(join(folder, 'tmp'));
    writeTinyJob(folder, { train: { batchSize: 16, dropout: 0, learningRate: 1e-3 } });
  });
  afterAll(() => removeFolder(folder));
  const env = () => ({ TEMPER_CACHE: join(folder, 'cache'), TMPDIR: join(folder, 'tmp') });
  const lrFind = (...args: string[]) => temperIn(folder, ['lr-find', ...args], env());
  const scratch = () => readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('temper-'));

  it('finds a rate, draws it, and leaves nothing but the plot', async () => {
    const result = await lrFind('tiny.yaml', '--steps', '150');
    const said = expectExit(result);
    expect(said).toMatch(/^tiny: tiny-bert, \d+ steps of 16 rows\n/);
    const suggested = Number(/Suggestion: learningRate: (\S+) /.exec(said)?.[1]);
    expect(suggested).toBeGreaterThan(1e-4); // 2e-3 in 195 steps
    expect(suggested).toBeLessThan(1e-2);
    expect(said).toContain('●');
    expect(result.stderr).toMatch(/^preparing the data: /);
    expect(result.stderr).toMatch(/step \d+ of 150, learning rate/);
    expect(readFileSync(join(folder, 'lr-find-tiny.svg'), 'utf8')).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(scratch()).toEqual([]);
  });

  it('prints one JSON object, the same for the same job, and writes no file when it shall not', async () => {
    const once = () => lrFind('tiny.yaml', '--steps', '20', '--to', '0.01', '--no-plot', '--json');
    const texts = [expectExit(await once()), expectExit(await once())];
    const found = JSON.parse(texts[0]!) as FoundRate & Record<string, unknown>;
    expect(found).toMatchObject({ job: 'tiny', model: 'tiny-bert', from: 1e-7, to: 0.01, plot: null, ended: 'range' });
    expect(found.points).toHaveLength(20);
    expect(found.points.at(-1)!.learningRate).toBeCloseTo(0.01, 12);
    expect(texts[1]).toBe(texts[0]);
    expect(existsSync(join(folder, 'lr-find-other.svg'))).toBe(false);
    const elsewhere = await lrFind('tiny.yaml', '--steps', '10', '--plot', 'other.svg', '--json');
    expect(JSON.parse(expectExit(elsewhere))).toMatchObject({ plot: join(folder, 'other.svg') });
    expect(existsSync(join(folder, 'other.svg'))).toBe(true);
  });

  it('Ctrl-C ends it after the step under way, with what it has', async () => {
    const program = join(repositoryRoot(), 'bin', 'temper.mjs');
    const args = [program, 'lr-find', 'tiny.yaml', '--steps', '100000', '--to', '1e-6', '--no-plot', '--json'];
    const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env() } });
    let [out, progress] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => {
      progress += chunk.toString();
      if (/step \d/.test(progress)) child.kill('SIGINT');
    });
    const [code] = (await once(child, 'close')) as [number | null];
    expect(code).toBe(130);
    const { ended, points } = JSON.parse(out) as FoundRate;
    expect(ended).toBe('interrupted');
    expect(points.length).toBeGreaterThan(0);
    expect(points.length).toBeLessThan(100_000);
    expect(scratch()).toEqual([]);
  });

  it.each([
    [['missing.yaml'], 'There is no job file missing.yaml.'],
    [['tiny.yaml', '--from', '1'], '--from: expected a rate below --to (1), found 1.'],
    [['tiny.yaml', '--steps', '3'], 'Expected a whole number from 10.'],
    [['tiny.yaml', '--from', 'low'], 'Expected a number above 0, as in 1e-6.'],
    [['tiny.yaml', '--steps', '10', '--plot', 'nowhere/x.svg'], 'nowhere/x.svg cannot be written'],
  ])('%s is refused', async (args, sentence) => {
    const { code, stdout, stderr } = await lrFind(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
