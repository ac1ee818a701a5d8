import { startStack } from '../../infra/stack/start.js';
import type { StackOptions } from '../../infra/stack/stack.js';

// A stack in a process of its own, so that a test can kill that process. One argument: the options, as JSON.
const options = JSON.parse(process.argv[2] ?? '{}') as Omit<StackOptions, 'onEvent'>;
const say = (what: object): boolean => process.stdout.write(`${JSON.stringify(what)}\n`);

const stack = await startStack({ ...options, onEvent: say });
let asked = 0;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    asked += 1;
    void stack.stop({ now: asked > 1 });
  });
// A test that is killed takes its stack with it.
if (process.channel) process.on('disconnect', () => void stack.stop({ now: true }));
say({ kind: 'up', ports: stack.ports });
await stack.finished;
process.exit(0);
