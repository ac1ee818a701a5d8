import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { eachOf } from '../../storage/each-of.js';
import type { ObjectStore } from '../../storage/object-store.js';

const AT_ONCE = 4;

/** Keys below a prefix, without it. */
export async function listObjects(
  store: ObjectStore,
  prefix: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { key } of store.list(prefix, { ...(signal && { signal }) })) {
    if (!key.endsWith('/')) names.push(key.slice(prefix.length));
  }
  return names;
}

/** Local copies of some objects below a prefix, in their order. */
export async function fetchObjects(
  store: ObjectStore,
  prefix: string,
  names: readonly string[],
  folder: string,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const copies = names.map((name) => ({ name, path: join(folder, randomUUID()) }));
  await eachOf(copies, AT_ONCE, async ({ name, path }) => {
    await store.getToFile(`${prefix}${name}`, path, undefined, { ...(signal && { signal }) });
  });
  return copies.map(({ path }) => path);
}
