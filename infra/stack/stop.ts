import type { StackEvent } from './events.js';
import type { Member } from './member.js';
import type { WorkerSpec } from './workers.js';

const serverGraceMs = 10_000;
/** A worker that has used its grace up cancels what is left, and needs a moment for that. */
const marginMs = 5_000;

export interface StopOrder {
  /** Names, stage by stage; all of a stage at once. They share the grace. */
  readonly workers: readonly (readonly string[])[];
  readonly servers: readonly string[];
}

/** Workers first, for committing what they have needs both servers; among them those last by which others end. */
export const stopOrder = (workers: readonly WorkerSpec[]): StopOrder => ({
  workers: [false, true].map((last) =>
    workers.filter((each) => (each.stopsLast ?? false) === last).map(({ name }) => name),
  ),
  servers: ['temporal', 's3'],
});

export const stopMembers = async (
  members: readonly Member[],
  order: StopOrder,
  graceSeconds: number,
  onEvent: (event: StackEvent) => void,
): Promise<void> => {
  onEvent({ kind: 'stopping', graceSeconds });
  const deadline = performance.now() + graceSeconds * 1000;
  const stop = async (name: string, graceMs: number): Promise<void> => {
    const found = members.find((each) => each.process.name === name)?.process;
    if (found && (await found.stop(graceMs)) === 'killed') onEvent({ kind: 'killing', names: [name] });
  };
  for (const stage of order.workers)
    await Promise.all(stage.map((name) => stop(name, Math.max(0, deadline - performance.now()) + marginMs)));
  for (const name of order.servers) await stop(name, serverGraceMs);
};
