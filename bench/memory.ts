import type { Bench } from './bench.js';
import { describeBench, peakMebibytes } from './machine.js';
import { peersPython } from './peers/environment.mjs';
import { budgetTable, isMet, missedBudgets, table, type Budgeted } from './results.js';
import { bf16Problem, BF16, FP32, groups } from './step/groups.js';
import type { Contender } from './interleave.js';
import type { Row } from './subject.js';

const AT_MOST = 1.5;
/** Requests to each process: the first compiles, the others run what was compiled. */
const REQUESTS = 3;

/** What is held against what; each alone in a process of its own. */
const PAIRS: readonly { readonly ours: string; readonly other: string }[] = [
  { ours: FP32, other: 'torch eager fp32' },
  { ours: BF16, other: 'torch eager bf16' },
];

interface Peak extends Row {
  readonly mebibytes: number;
}

async function measured({ start }: Contender, row: Row): Promise<Peak> {
  const subject = start();
  try {
    for (let request = 0; request < REQUESTS; request++) await subject.ask(row);
    return { ...row, mebibytes: peakMebibytes(subject.pid) };
  } finally {
    subject.close();
  }
}

export const memory: Bench = {
  name: 'memory',
  description: "a process's peak of resident memory over the same training steps, with --peers beside PyTorch's",
  defaultRounds: 1,
  async run({ peers, only, say }) {
    if (peers) peersPython();
    const wanted = new Set(PAIRS.flatMap(({ ours, other }) => [ours, other]));
    const peaks: Peak[] = [];
    for (const { contenders } of groups(peers).filter(({ work }) => work.includes(only))) {
      for (const contender of contenders) {
        for (const row of contender.rows.filter(({ peer }) => wanted.has(peer))) {
          say(`${row.peer}, ${row.work}...`);
          peaks.push(await measured(contender, row));
        }
      }
    }
    const of = (peer: string, work: string) => peaks.find((peak) => peak.peer === peer && peak.work === work);
    const budgets: Budgeted[] = [...new Set(peaks.map(({ work }) => work))].flatMap((work) =>
      PAIRS.flatMap(({ ours, other }) => {
        const [a, b] = [of(ours, work), of(other, work)];
        return a && b
          ? [{ what: `${work}: ${ours} / ${other}`, value: a.mebibytes / b.mebibytes, budget: AT_MOST }]
          : [];
      }),
    );
    const machine = await describeBench(peers);
    const rows = peaks.map(({ peer, work, mebibytes }) => [peer, work, mebibytes.toFixed(0)]);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        '- each alone in a process of its own; MiB resident at the most, with runtime and libraries, over the steps of `step`',
        ...(bf16Problem() === null ? [] : ['- no bf16: this CPU has no products of it']),
        `\n${table(['what', 'work', 'peak MiB'], rows)}`,
        ...(budgets.length > 0 ? [`\n${budgetTable(budgets)}`] : []),
      ].join('\n'),
      figures: { machine, rows: peaks, ratios: budgets.map((each) => ({ ...each, met: isMet(each) })) },
      missed: missedBudgets(budgets),
    };
  },
};
