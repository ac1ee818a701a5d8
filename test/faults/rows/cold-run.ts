import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Scene } from '../../support/faults/scene.js';

/** The points of a run that finds neither data prepared nor a copy of anything on its host. */
export async function coldPoints(on: Scene): Promise<Scene['points']> {
  const points: { point: string; host: string }[] = [];
  await forgetData(on);
  const { problems } = await on.attempt({ before: (point, host) => void points.push({ point, host }) });
  if (problems.length > 0) throw new Error(`the run that nobody touched went wrong: ${problems.join('; ')}`);
  const changes = ({ point }: { point: string }) => /^(PUT|DELETE|POST)/.test(point);
  return points.sort((a, b) => Number(changes(b)) - Number(changes(a)) || (a.point < b.point ? -1 : 1));
}

/** Deletes the data that were prepared, and what was fetched to hosts. */
export async function forgetData({ world }: Scene): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of world.store.list('datasets/')) keys.push(key);
  await world.store.delete(keys);
  for (const { scratch } of world.hosts) rmSync(join(scratch, 'cache'), { recursive: true, force: true });
}
