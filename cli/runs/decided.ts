/** What was decided of large sources, in the cache of this machine: the next job of the same data need not read them again. */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decisionsSchema, type Decisions } from '../../data/prepare/decisions-file.js';
import { cacheRoot } from '../../infra/parts/cache.mjs';

const KEPT = 32;

const folder = (): string => join(cacheRoot(), 'decided');

/** null: not known here, or not in this form. */
export async function decidedBefore(digest: string): Promise<Decisions | null> {
  const text = await readFile(join(folder(), `${digest}.json`), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : (decisionsSchema.safeParse(parsed(text)).data ?? null);
}

/** A file that is cut short is no reason to fail. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Of the sources that were asked for last. */
export async function rememberDecided(digest: string, decisions: Decisions): Promise<void> {
  const root = folder();
  await mkdir(root, { recursive: true });
  const path = join(root, `${digest}.json`);
  const written = join(root, `${randomUUID()}.new`);
  await writeFile(written, JSON.stringify(decisions), { mode: 0o600 }); // rows that cannot be read are in it
  await rename(written, path);
  const names = await readdir(root);
  if (names.length <= KEPT) return;
  const found = await Promise.all(
    names.map(async (name) => ({ name, atMs: (await stat(join(root, name)).catch(() => null))?.mtimeMs ?? 0 })),
  );
  const old = found.sort((a, b) => b.atMs - a.atMs).slice(KEPT);
  await Promise.all(old.map(({ name }) => rm(join(root, name), { force: true })));
}
