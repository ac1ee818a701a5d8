/** What a worker does that prepares data: it serves the data queue, and computes on threads of its own. */
import { Worker, type NativeConnection } from '@temporalio/worker';
import { createDataActivities } from '../activities/data/index.js';
import type { ActivityDependencies } from '../activities/dependencies.js';
import type { ObjectStore } from '../storage/object-store.js';
import { DATA_QUEUE } from '../workflows/handlers.js';
import { DataThreadPool } from './data-threads.js';
import type { WorkerSettings } from './settings.js';
import { workerDefaults } from './worker-options.js';

export interface DataPart {
  readonly worker: Worker;
  close(): Promise<void>;
}

/** A file is in memory while it is sent. */
const UPLOADS_AT_ONCE = 2;

export async function dataPart({
  settings,
  dependencies,
  connection,
  namespace,
}: {
  readonly settings: WorkerSettings;
  readonly dependencies: ActivityDependencies;
  readonly connection: NativeConnection;
  readonly namespace: string;
}): Promise<DataPart> {
  const threads = new DataThreadPool({
    count: settings.dataThreads,
    heapMiB: settings.dataThreadMiB,
    entry: new URL('./data-thread.js', import.meta.url),
  });
  const worker = await Worker.create({
    ...workerDefaults,
    ...{ connection, namespace, taskQueue: DATA_QUEUE },
    activities: createDataActivities({
      ...dependencies,
      store: fewUploads(dependencies.store, UPLOADS_AT_ONCE),
      threads,
      wholeFiles: new Map(),
    }),
    // While one part is computed another one is fetched or stored.
    maxConcurrentActivityTaskExecutions: 2 * settings.dataThreads,
    // What a lost try has stored is found by the next: nothing is worth waiting for.
    shutdownGraceTime: 0,
  });
  return { worker, close: () => threads.close() };
}

/** The store, with so many uploads of files under way at most. */
function fewUploads(store: ObjectStore, most: number): ObjectStore {
  let underWay = 0;
  const waiting: (() => void)[] = [];
  return {
    ...store,
    async putFile(...put) {
      while (underWay >= most) await new Promise<void>((resolve) => waiting.push(resolve));
      underWay++;
      try {
        await store.putFile(...put);
      } finally {
        underWay--;
        waiting.shift()?.();
      }
    },
  };
}
