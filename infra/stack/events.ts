/** What a stack tells while it runs; `temper up` prints a line for each, `temper up --json` the object. */
export type StackEvent =
  | { readonly kind: 'reclaiming'; readonly processes: readonly { readonly name: string; readonly pid: number }[] }
  | { readonly kind: 'started'; readonly name: string; readonly pid: number }
  | { readonly kind: 'ready'; readonly name: string; readonly afterMs: number }
  | {
      readonly kind: 'died';
      readonly name: string;
      readonly how: string;
      readonly restartInMs: number;
      readonly deathsInARow: number;
      readonly logFile: string;
    }
  | { readonly kind: 'stopping'; readonly graceSeconds: number }
  | { readonly kind: 'killing'; readonly names: readonly string[] }
  | { readonly kind: 'stopped' };

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** One line for people. */
export const describeEvent = (event: StackEvent): string => {
  switch (event.kind) {
    case 'reclaiming':
      return `Ending what an earlier stack left: ${event.processes.map((p) => `${p.name} (${p.pid})`).join(', ')}`;
    case 'started':
      return `${event.name}: started (${event.pid})`;
    case 'ready':
      return `${event.name}: ready after ${seconds(event.afterMs)}`;
    case 'died':
      return `${event.name}: died (${event.how}${event.deathsInARow > 1 ? `, ${event.deathsInARow} times in a row, see ${event.logFile}` : ''}), started again ${event.restartInMs === 0 ? 'at once' : `in ${seconds(event.restartInMs)}`}`;
    case 'stopping':
      return `Stopping: workers have ${event.graceSeconds} s to finish and commit their step (Ctrl-C again ends them at once)`;
    case 'killing':
      return `Killed: ${event.names.join(', ')}`;
    case 'stopped':
      return 'Stopped';
    default:
      return event satisfies never;
  }
};
