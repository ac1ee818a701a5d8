/**
 * All rows of a job's data are looked at before anything starts: of much data on all cores, telling how far it is, and once for all jobs
 * that read them alike.
 */
import { availableParallelism } from 'node:os';
import { wholeDigest } from '../activities/data/stage-digests.js';
import type { DataThreads } from '../activities/data/threads.js';
import { openLocal, type LocalFiles } from '../activities/source/local.js';
import { checkSource, reportOn, type SourceReport } from '../data/inspect-source.js';
import { decideSource, type DecideSourceInput, type Surveyor } from '../data/prepare.js';
import type { Decisions } from '../data/prepare/decisions-file.js';
import { fileOf, filesOf, type SourceFiles } from '../data/prepare/parts.js';
import type { Job } from '../job/schema.js';
import { sha256OfFile } from '../storage/digest.js';
import { eachOf } from '../storage/each-of.js';
import { DataThreadPool } from '../workers/data-threads.js';
import { size } from './render/units.js';
import { decidedBefore, rememberDecided } from './runs/decided.js';

/** With less, threads take longer to start than they save. */
const MUCH_BYTES = 64 * 2 ** 20;
/** JavaScript's memory of a thread: more than a data worker's, which shares its machine with others. */
const HEAP_MIB = 256;
const AT_ONCE = 2;
const TELL_EVERY_MS = 10_000;

/** @throws DataError with the first thing that is wrong with the source. */
export async function checkLocalSource(local: LocalFiles, job: Job): Promise<SourceReport> {
  const source = await openLocal(local);
  const input = { source, format: local.format, job };
  if (source.bytes < MUCH_BYTES) return checkSource(input);
  const files = filesOf(source, local.format);
  const digest = wholeDigest(job, source.name, await digestsOf(local, files));
  const decisions = (await decidedBefore(digest)) ?? (await decideOnThreads(input, local, files));
  await rememberDecided(digest, decisions).catch((error: Error) => {
    console.error(`temper: what was found in ${source.name} is not kept for the next run: ${error.message}`);
  });
  return reportOn(decisions, input);
}

const digestsOf = (local: LocalFiles, { files }: SourceFiles) =>
  eachOf([...files.entries()], AT_ONCE, async ([index, { source, format, fields }]) => ({
    ...{ name: source.name, format, fields },
    ...(await sha256OfFile(local.files[index]!.path)),
  }));

async function decideOnThreads(input: DecideSourceInput, local: LocalFiles, files: SourceFiles): Promise<Decisions> {
  const threads = new DataThreadPool({
    count: availableParallelism(),
    heapMiB: HEAP_MIB,
    entry: new URL('../workers/data-thread.js', import.meta.url),
  });
  try {
    const surveyor = onThreads(threads, local, files);
    return await decideSource({ ...input, surveyor, onLooked: tellNowAndThen(files.name) });
  } finally {
    await threads.close();
  }
}

function onThreads(threads: DataThreads, { files }: LocalFiles, source: SourceFiles): Surveyor {
  return {
    atOnce: threads.count + 1,
    survey({ part, job, compares, out }) {
      const { source: read, format, fields } = fileOf(source, part);
      const here = { kind: 'whole', path: files[part.file]!.path } as const;
      const file = { window: { name: read.name, bytes: read.bytes, here }, format, fields };
      const { signal } = new AbortController(); // Ctrl-C ends the process
      return threads.run('survey', { sourceName: source.name, file, part, job, compares, outFolder: out }, { signal });
    },
  };
}

function tellNowAndThen(name: string): (progress: { readonly bytes: number; readonly totalBytes: number }) => void {
  let toldAtMs = performance.now();
  return ({ bytes, totalBytes }) => {
    if (performance.now() - toldAtMs < TELL_EVERY_MS) return;
    toldAtMs = performance.now();
    console.error(`${name}: ${size(bytes)} of ${size(totalBytes)} looked at`);
  };
}
