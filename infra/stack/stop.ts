import type { StackEvent } from './events.js';
import type { Member } from './member.js';

const serverGraceMs = 10_000;
const serverNames: readonly string[] = ['temporal', 's3'];

/** Workers first: they commit what they have, which needs both servers. Then Temporal, then S3. */
export const stopMembers = async (
  members: readonly Member[],
  graceSeconds: number,
  onEvent: (event: StackEvent) => void,
): Promise<void> => {
  const stop = async ({ process }: Member, graceMs: number): Promise<void> => {
    if ((await process.stop(graceMs)) === 'killed') onEvent({ kind: 'killing', names: [process.name] });
  };
  onEvent({ kind: 'stopping', graceSeconds });
  const workers = members.filter((each) => !serverNames.includes(each.process.name));
  await Promise.all(workers.map((worker) => stop(worker, graceSeconds * 1000)));
  for (const name of serverNames)
    for (const server of members.filter((each) => each.process.name === name)) await stop(server, serverGraceMs);
};
