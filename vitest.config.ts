import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { oneDnnEnvironment } from './engine/cpu.js';

// unit: no servers, files in parallel. integration: real servers and processes, two files at a time: they wait more than they
// compute, and a third makes the others as much longer. faults: in lanes of its own, with nothing beside them.
const withServers = ['test/integration/**/*.test.ts', 'test/infra/stack*.test.ts'];
const faults = ['test/faults/faults.test.ts'];
const SERVERS_MS = { testTimeout: 240_000, hookTimeout: 240_000 };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [...withServers, ...faults],
          pool: 'forks', // libtensorflow loads once per process, and never in a second thread
          maxWorkers: availableParallelism(), // vitest leaves a core to itself, which is half of two
          env: { TF_CPP_MIN_LOG_LEVEL: '2', ...oneDnnEnvironment() }, // the kernels that engines take
          testTimeout: 120_000, // two slow cores are enough
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: withServers,
          pool: 'forks',
          maxWorkers: 2,
          ...SERVERS_MS,
          sequence: { groupOrder: 1 }, // after the unit tests: timings under load are no failures
        },
      },
      {
        test: {
          name: 'faults',
          include: faults,
          pool: 'forks',
          ...SERVERS_MS,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
