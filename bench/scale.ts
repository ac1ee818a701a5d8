import { rm, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keptIn } from '../infra/stack/servers.js';
import { WorkflowWorld, startWorkflowServer } from '../test/support/workflow-world.js';
import type { FineTuneResult } from '../workflows/contract.js';
import type { Bench } from './bench.js';
import { median } from './interleave.js';
import { describeBench, load } from './machine.js';
import { budgetTable, isMet, missedBudgets, table, type Budgeted } from './results.js';

const RUNS_A_ROUND = 25;
const WORKERS = 20;
const EPOCHS = 5;
const EVENTS_A_ROUND = 30;
/** Of all runs, how many others may pass one that waits. */
const OVERTAKEN_BY_AT_MOST = 0.25;

interface Ended {
  readonly startMs: number;
  /** From its start to the first session on a device. */
  readonly waitedMs: number;
  readonly endedMs: number;
  readonly history: number;
  readonly completed: boolean;
}

/** Starts all runs as fast as the server takes them, and waits for all of them. */
async function fleet(
  runs: number,
  say: (sentence: string) => void,
): Promise<{ ended: readonly Ended[]; startsMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'temper-bench-scale-'));
  const env = await startWorkflowServer(keptIn(join(folder, 'temporal.db'), true));
  const world = new WorkflowWorld(env);
  const sessions = new Map<string, number>();
  world.on('openSession', ({ input }) => {
    const { run } = input as { run: string };
    if (!sessions.has(run)) sessions.set(run, performance.now());
  });
  try {
    await world.startFleet(WORKERS);
    const started = performance.now();
    const ids = Array.from({ length: runs }, (_, i) => `scale-${i}`);
    const begun: { id: string; atMs: number; startMs: number; result: Promise<FineTuneResult> }[] = [];
    for (const id of ids) {
      const atMs = performance.now();
      const handle = await world.begin(id, { train: { epochs: EPOCHS } });
      begun.push({ id, atMs, startMs: performance.now() - atMs, result: handle.result() as Promise<FineTuneResult> });
    }
    const startsMs = performance.now() - started;
    say(`${runs} runs started in ${(startsMs / 1000).toFixed(1)} s; waiting for their ends...`);
    let done = 0;
    const ended = await Promise.all(
      begun.map(async ({ id, atMs, startMs, result }): Promise<Ended> => {
        const outcome = await result.then(({ outcome: each }) => each, String);
        const endedMs = performance.now();
        if (++done % 50 === 0) say(`${done} of ${runs} have ended.`);
        const { historyLength } = await env.client.workflow.getHandle(id).describe();
        const waitedMs = (sessions.get(id) ?? NaN) - atMs;
        return {
          startMs,
          waitedMs,
          endedMs: endedMs - started,
          history: historyLength,
          completed: outcome === 'completed',
        };
      }),
    );
    return { ended, startsMs };
  } finally {
    await world.stop();
    await env.teardown();
    await rm(folder, { recursive: true, force: true });
  }
}

/** By how many that were started later each was passed, at the most. */
function mostOvertaken(ended: readonly Ended[]): number {
  return Math.max(
    ...ended.map(({ endedMs }, i) => ended.slice(i + 1).filter((later) => later.endedMs < endedMs).length),
  );
}

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;

export const scale: Bench = {
  name: 'scale',
  description: '500 runs at once (25 a round) with a stub trainer on one embedded server, 20 workers',
  defaultRounds: 20,
  async run({ rounds, say }) {
    const runs = rounds * RUNS_A_ROUND;
    const before = load();
    const { ended, startsMs } = await fleet(runs, say);
    const lasted = Math.max(...ended.map(({ endedMs }) => endedMs)) / 1000;
    const failed = ended.filter(({ completed }) => !completed).length;
    const budgets: Budgeted[] = [
      { what: 'runs that did not end completed', value: failed, budget: 0 },
      // All of a run's history over its rounds: what begins and ends it is in here as well.
      {
        what: `events a round, of ${EPOCHS} rounds`,
        value: Math.max(...ended.map(({ history }) => history)) / EPOCHS,
        budget: EVENTS_A_ROUND,
      },
      {
        what: 'share of the runs that passed one that waited, at the most',
        value: mostOvertaken(ended) / runs,
        budget: OVERTAKEN_BY_AT_MOST,
      },
      { what: 'runs started a second', value: runs / (startsMs / 1000), budget: null },
      { what: 'runs ended a second', value: runs / lasted, budget: null },
    ];
    const row = (what: string, values: readonly number[]): string[] => [
      what,
      ...[median(values), quantile(values, 0.99), Math.max(...values)].map((ms) => (ms / 1000).toFixed(3)),
    ];
    const machine = await describeBench(false);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        `- load of the machine before: ${before}`,
        `- ${runs} runs of ${EPOCHS} epochs, ${WORKERS} workers with one device each, a trainer that does nothing; one process of workers, the server's database on the disk as in the embedded stack`,
        `\n${table(
          ['seconds', 'median', 'p99', 'most'],
          [
            row(
              'until the server has taken a run',
              ended.map(({ startMs }) => startMs),
            ),
            row(
              'from its start to a device',
              ended.map(({ waitedMs }) => waitedMs),
            ),
            row(
              'from the first start to its end',
              ended.map(({ endedMs }) => endedMs),
            ),
          ],
        )}`,
        `\n${budgetTable(budgets)}`,
      ].join('\n'),
      figures: { machine, ended, ratios: budgets.map((each) => ({ ...each, met: isMet(each) })) },
      missed: missedBudgets(budgets),
    };
  },
};
