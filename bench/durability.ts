import type { Bench } from './bench.js';
import { checkpoint } from './durability/checkpoint.js';
import { overheadOfTwoBlocks, overheadSpare, overheadWhole } from './durability/overhead.js';
import { recovery, recoveryWhole } from './durability/recovery.js';
import { TRAINER_REQUIREMENTS } from './durability/trainer-peer.js';
import { upload } from './durability/upload.js';
import { workerMemory } from './durability/worker-memory.js';
import { describeBench, load } from './machine.js';
import { budgetTable, isMet, missedBudgets } from './results.js';

const parts = {
  upload,
  'worker-memory': workerMemory,
  recovery,
  'recovery-whole': recoveryWhole,
  checkpoint,
  'overhead-whole': overheadWhole,
  'overhead-spare': overheadSpare,
  'overhead-blocks': overheadOfTwoBlocks,
};

export const durability: Bench = {
  name: 'durability',
  description:
    "what checkpoints cost (with --peers beside the Hugging Face Trainer's), how long a kill costs, what uploads of 1 GiB and a store that hangs do to their worker",
  defaultRounds: 5,
  async run(options) {
    const before = load();
    const done = [];
    for (const [name, part] of Object.entries(parts)) if (name.includes(options.only)) done.push(await part(options));
    const budgets = done.flatMap((part) => part.budgets);
    const machine = await describeBench(options.peers, TRAINER_REQUIREMENTS);
    return {
      report: [
        ...machine.map((line) => `- ${line}`),
        `- load of the machine before: ${before}`,
        ...done.map(({ sentence }) => `- ${sentence}`),
        `\n${budgetTable(budgets)}`,
      ].join('\n'),
      figures: { machine, parts: done, ratios: budgets.map((each) => ({ ...each, met: isMet(each) })) },
      missed: missedBudgets(budgets),
    };
  },
};
