import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DefaultLogger, Runtime, Worker, makeTelemetryFilterString } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { markersIn } from '../support/history.js';
import { readHistory } from '../support/recorded-history.js';

const folder = fileURLToPath(new URL('../fixtures/histories/', import.meta.url));
const bundle = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
/** `0.1/paused.json`: of the version that made it. */
const names = readdirSync(folder, { encoding: 'utf8', recursive: true }).filter((name) => name.endsWith('.json'));
const textOf = (name: string): string => readFileSync(`${folder}${name}`, 'utf8');

const workflows = fileURLToPath(new URL('../../workflows/', import.meta.url));
/** What the workflows' code marks as new. */
const changes = readdirSync(workflows, { encoding: 'utf8', recursive: true })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => [...readFileSync(`${workflows}${name}`, 'utf8').matchAll(/\bpatched\(['"`]([^'"`]+)['"`]\)/g)])
  .map(([, change]) => change!)
  .filter((change) => change !== 'own-history-limit'); // after 4,000 events: test/integration/month.test.ts comes to it

/** A firing knows its time by its id. */
const idIn = (history: string): string =>
  /"workflowExecutionStartedEventAttributes":\{.*?"workflowId":"([^"]+)"/s.exec(history)?.[1] ?? 'recorded';

const replay = (history: string): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: { codePath: bundle } }, readHistory(history), idIn(history));

describe('a run that was recorded (test/support/record-history.ts) goes on under the workflow as it is now', () => {
  beforeAll(() =>
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
    }),
  );

  it.each(names)('%s replays', async (name) => {
    await replay(textOf(name));
  });

  it('of each change that is marked there is a history that has it', () => {
    expect(changes.length).toBeGreaterThan(3);
    const marked = names.map((name) => markersIn(readHistory(textOf(name)).events));
    expect(changes.filter((change) => !marked.some((markers) => markers.includes(`"${change}"`)))).toEqual([]);
  });

  it('a history that the workflow would not have made is refused', async () => {
    const other = textOf('0.1/undisturbed.json').replaceAll('"name":"validate"', '"name":"evaluate"');
    await expect(replay(other)).rejects.toThrow(DeterminismViolationError);
  });

  it('a run that was recorded with kept features is replayed with them', async () => {
    const other = textOf('0.1/kept-features.json').replaceAll('"name":"computeFeatures"', '"name":"trainEpoch"');
    expect(other).not.toBe(textOf('0.1/kept-features.json'));
    await expect(replay(other)).rejects.toThrow(DeterminismViolationError);
  });

  it('a preparation that was recorded is replayed stage by stage', async () => {
    const other = textOf('0.4/preparation.json').replaceAll('"name":"decideDataset"', '"name":"assembleDataset"');
    expect(other).not.toBe(textOf('0.4/preparation.json'));
    await expect(replay(other)).rejects.toThrow(DeterminismViolationError);
  });

  it.each(names)('%s is small and names no machine', (name) => {
    const text = textOf(name);
    expect(text.length).toBeLessThan(200_000);
    const payloads = [...text.matchAll(/"data":"([^"]+)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString(),
    );
    expect(payloads.length).toBeGreaterThan(10);
    for (const each of [text, ...payloads])
      expect(each).not.toMatch(/(?<![\w.-])\/(work|tmp|root|home|var)\/|\d@(?!host\b)/);
  });
});
