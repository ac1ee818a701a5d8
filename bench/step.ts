import type { Bench } from './bench.js';
import { interleave, ratioOf, ratioOfFastest, type Measured } from './interleave.js';
import { describeBench, load, settled } from './machine.js';
import { peersPython } from './peers/environment.mjs';
import { budgetTable, isMet, missedBudgets, stepRows, type Budgeted } from './results.js';
import { bf16Problem, groups, type Group } from './step/groups.js';

const ratiosIn = ({ work, ratios }: Group, measured: readonly Measured[]): Budgeted[] => {
  const of = (peer: string) => measured.find((row) => row.peer === peer && row.work === work);
  return ratios.flatMap(({ ours, other, budget }) => {
    const [a, b] = [of(ours), of(other)];
    return a && b
      ? [{ what: `${work}: ${ours} / ${other}`, value: ratioOf(a, b), fastest: ratioOfFastest(a, b), budget }]
      : [];
  });
};

export const step: Bench = {
  name: 'step',
  description:
    'full training steps of MiniLM, a small CNN, MobileNetV2 and GPT-2 small, with --peers beside PyTorch and Keras',
  defaultRounds: 5,
  async run({ peers, rounds, only, say }) {
    if (peers) {
      say("The peers' Python environment: there, or built now (2 to 5 minutes)...");
      peersPython();
    }
    if (only === '') await settled(say);
    const rows: Measured[] = [];
    const budgets: Budgeted[] = [];
    const loads: string[] = [];
    for (const group of groups(peers).filter(({ work }) => work.includes(only))) {
      loads.push(`${group.work} ${load()}`);
      say(`${group.work}:`);
      const measured = await interleave(group.contenders, rounds, say);
      rows.push(...measured);
      budgets.push(...ratiosIn(group, measured));
    }
    const machine = await describeBench(peers);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        `- ${rounds} rounds in turn; ms per step, all weights trained, each step with a batch of its own fed and its loss fetched`,
        '- MiniLM and GPT-2: AdamW with decay, the gradient clipped to a norm of 1 (but for plain tfjs); CNN and MobileNetV2: Adam',
        ...(bf16Problem() === null ? [] : ['- no bf16: this CPU has no products of it']),
        `- load of the machine before each: ${loads.join(', ')}`,
        `\n${stepRows(rows)}`,
        `\nRatios: the median over the rounds, and of the fastest step of each:\n\n${budgetTable(budgets)}`,
      ].join('\n'),
      figures: { machine, loads, rows, ratios: budgets.map((each) => ({ ...each, met: isMet(each) })) },
      missed: missedBudgets(budgets),
    };
  },
};
