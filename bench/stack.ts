import { ALL_THREADS, startTestStack, type TestStack } from '../test/support/stack.js';

/** The embedded stack as a user has it, with every core of the machine; that of the tests trains on one. */
export const startBenchStack = (): Promise<TestStack> => startTestStack({ env: ALL_THREADS });
