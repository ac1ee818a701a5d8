import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Engine } from '../../engine/client.js';
import { builtFile } from './spawned-stack.js';

/** A real engine process with one thread, with its log in `directory`. A machine under load takes its time until it is ready. */
export async function startEngine(
  directory: string,
  {
    patienceMs,
    startPatienceMs = 60_000,
    allowModules = false,
  }: { patienceMs?: number | undefined; startPatienceMs?: number; allowModules?: boolean } = {},
): Promise<Engine> {
  const client = (await import(pathToFileURL(builtFile('engine/client.ts')).href)) as { Engine: typeof Engine };
  const pinned = { intraOpThreads: 1, interOpThreads: 1 };
  const logFile = join(directory, 'engine.log');
  return new client.Engine({ pinned, logFile, allowModules, patienceMs, startPatienceMs });
}
