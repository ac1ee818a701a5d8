/** How far a task is, in whatever it counts. */
export interface TaskProgress {
  readonly done: number;
  readonly total: number | null;
}

/** What a task is told besides its input. */
export interface TaskContext {
  readonly onProgress: (progress: TaskProgress) => void;
}
