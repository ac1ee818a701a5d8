import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { JsonReporter } from '../../cli/render/json-lines.js';
import { LineReporter } from '../../cli/render/lines.js';
import { renderScreen } from '../../cli/render/screen.js';
import { judged } from '../../cli/runs/free-hosts.js';
import type { Look } from '../../cli/runs/look.js';
import type { Fingerprint, RunStatus } from '../../workflows/contract.js';
import { aLook, startedAtMs } from './a-run.js';

const ours = 'c'.repeat(64);
const boundTo = {
  ...{ digest: 'd'.repeat(64), hostClass: ours, libtensorflow: '2.21.0', stepCompiler: '1' },
  ...{ device: 'cpu', cpu: 'EPYC [avx2 fma]', intraOpThreads: 2, interOpThreads: 1, mathMode: 'float32' },
} as Fingerprint;

const now = startedAtMs + 60_000;
const waiting = (freeHosts: Look['freeHosts'], changes: Partial<RunStatus> = {}): Look => ({
  ...aLook(110, { stage: 'wait-for-device', boundTo, ...changes }),
  ...{ progress: null, freeHosts },
});

describe('who asks for work, by the identities of workers', () => {
  const [own, other, unknown] = [`1@a ${ours.slice(0, 16)}`, `2@b ${'e'.repeat(16)}`, '3@c'] as const;

  test.each([
    ['one that has room for the class', [own], [own], { fitting: 1, others: 0 }],
    ['one whose slot of the class is taken', [own], [], { fitting: 1, others: 0 }],
    ['one whose other slot is taken', [], [own], { fitting: 1, others: 0 }],
    ['one of another class beside it', [other, own], [own], { fitting: 1, others: 1 }],
    ['others alone; older ones do not say what they are', [unknown, other], [], { fitting: 0, others: 1 }],
    ['an older one of the class', [unknown], [unknown], { fitting: 1, others: 0 }],
  ])('%s', (_, everywhere, ofTheClass, expected) => {
    expect(judged(new Set(everywhere), new Set(ofTheClass), ours)).toEqual(expected);
  });
});

describe('a run that waits for a device', () => {
  const onScreen = (look: Look): string[] => renderScreen(look, now, 100).slice(0, 3).map(stripVTControlCharacters);
  const NONE = 'all are busy, no engine starts there, or none runs';

  test('says why under what it waits for, which keeps what ended the session before', () => {
    const detail = 'openSession: no engine starts on gpu-1';
    const [first, why, where] = onScreen(waiting({ fitting: 0, others: 2 }, { detail }));
    expect(first).toContain(`waiting for a device: ${detail}`);
    expect(why).toBe(`  no host of the run's class asks for work: ${NONE}; 2 free hosts would give other bits`);
    expect(where).toBe(
      '  goes on at class cccccccccccccccc: libtensorflow 2.21.0, step compiler 1, EPYC [avx2 fma], float32, ' +
        'and the variables it began with (docs/exactness.md)',
    );
  });

  test('says so where there are no others either, and where any host will do', () => {
    expect(onScreen(waiting({ fitting: 0, others: 0 }))[1]).toBe(`  no host of the run's class asks for work: ${NONE}`);
    const anywhere = onScreen(waiting({ fitting: 0, others: 0 }, { boundTo: null }));
    expect(anywhere[1]).toBe(`  no device worker asks for work: ${NONE}`);
    expect(anywhere.join('\n')).not.toContain('goes on at');
  });

  test('says nothing while a host asks that it may go on at, nor where Temporal does not say', () => {
    for (const freeHosts of [{ fitting: 1, others: 3 }, null])
      expect(onScreen(waiting(freeHosts)).join('\n')).not.toMatch(/asks for work|goes on at/);
  });

  test('in a log it is told once, and again when it is something else', () => {
    const reporter = new LineReporter();
    const told = (look: Look): string[] => reporter.lines(look, now).filter((line) => line.startsWith('waits: '));
    expect(told(waiting({ fitting: 0, others: 0 }))).toHaveLength(1);
    expect(told(waiting({ fitting: 0, others: 0 }))).toEqual([]);
    expect(told(waiting({ fitting: 0, others: 1 }))).toEqual([
      expect.stringMatching(/1 free host would give other bits; it goes on at class c+: libtensorflow 2\.21\.0/),
    ]);
    expect(told(waiting({ fitting: 1, others: 1 }))).toEqual([]);
  });

  test('as JSON it is told when a host comes or goes that matters', () => {
    const reporter = new JsonReporter();
    const told = (freeHosts: Look['freeHosts']): unknown =>
      (reporter.event(waiting(freeHosts), now) as { freeHosts: unknown } | null)?.freeHosts;
    expect(told({ fitting: 0, others: 0 })).toEqual({ fitting: 0, others: 0 });
    expect(told({ fitting: 0, others: 1 })).toEqual({ fitting: 0, others: 1 });
    expect(told({ fitting: 0, others: 2 })).toBeUndefined();
    expect(told({ fitting: 1, others: 2 })).toEqual({ fitting: 1, others: 2 });
  });
});
