import type { TaskProgress } from './task-context.js';
import type { dataTasks } from './tasks.js';

export type DataTasks = typeof dataTasks;
export type DataTaskName = keyof DataTasks;
export type DataTaskInput<Name extends DataTaskName> = Parameters<DataTasks[Name]>[0];
export type DataTaskResult<Name extends DataTaskName> = Awaited<ReturnType<DataTasks[Name]>>;

export interface RunTask {
  /** Ends the task's thread: what it has written is left to the caller. */
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: TaskProgress) => void) | undefined;
  /** No other task runs meanwhile: for one that needs memory by the size of the source. */
  readonly alone?: boolean;
}

/** Computing that would block an event loop, on threads that live as long as their process. */
export interface DataThreads {
  /** How many tasks run at once. */
  readonly count: number;
  run<Name extends DataTaskName>(
    task: Name,
    input: DataTaskInput<Name>,
    options: RunTask,
  ): Promise<DataTaskResult<Name>>;
}

/** A thread needed more memory than it may have. Trying again is of use on a larger worker only. */
export class ThreadOutOfMemory extends Error {
  constructor(task: string, heapMiB: number) {
    super(`a data thread needs more than the ${heapMiB} MiB of memory that it may have, at ${task}`);
    this.name = 'ThreadOutOfMemory';
  }
}
