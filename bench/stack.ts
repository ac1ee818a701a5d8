import { ALL_THREADS, startTestStack, type TestStack } from '../test/support/stack.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** The embedded stack as a user has it, with every core of the machine; that of the tests trains on one. A bench that is ended ends it. */
export async function startBenchStack(): Promise<TestStack> {
  const stack = await startTestStack({ env: ALL_THREADS });
  const ended = () => void stack.stop(); // what the bench asks of it fails then, and the bench tidies up
  for (const signal of SIGNALS) process.once(signal, ended);
  return {
    ...stack,
    stop: () => {
      for (const signal of SIGNALS) process.off(signal, ended);
      return stack.stop();
    },
  };
}
