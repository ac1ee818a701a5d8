import type { TaskProgress } from '../activities/data/task-context.js';

export interface ToThread {
  readonly task: string;
  readonly input: unknown;
}

export type FromThread =
  | { readonly kind: 'progress'; readonly progress: TaskProgress }
  | { readonly kind: 'done'; readonly result: unknown }
  | {
      readonly kind: 'failed';
      /** Errors lose their class on the way. */
      readonly failure: {
        readonly isOfData: boolean;
        readonly name: string;
        readonly message: string;
        readonly stack: string | undefined;
        readonly code: string | undefined;
      };
    };
