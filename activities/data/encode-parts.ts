import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readDecisions, verdictsFile, type Decisions } from '../../data/prepare/decisions-file.js';
import { encodedPartSchema, type EncodedPart } from '../../data/prepare/encode.js';
import type { SourcePart } from '../../data/prepare/parts.js';
import { kindOf } from '../../data/targets.js';
import { putContent } from '../../storage/content.js';
import { shardFileKey } from '../../storage/layout.js';
import type { DataActivities, Sha256 } from '../../workflows/contract.js';
import { modelFolder } from '../model-folder.js';
import { DECISIONS, makeDecisions } from './decide-dataset.js';
import type { Attempt, DataDependencies } from './dependencies.js';
import { fileOfPart } from './part-window.js';
import type { DataPlan } from './plan.js';
import { overRange, withScratch } from './stage-activity.js';
import { decisionsDigest, encodedDigest } from './stage-digests.js';
import { fetchOutput, findOutput, orAgain, readOutput, storeOutput } from './stage-output.js';

const ENCODED = 'encoded.json';

export const encodeParts =
  (dependencies: DataDependencies): DataActivities['encodeParts'] =>
  (input) =>
    overRange(dependencies, input, async (plan, part, attempt) => {
      const { found } = await encodedPart(dependencies, plan, part, attempt);
      return found ? 'found' : 'made';
    });

/** What a part's rows have become: shards that are on S3. */
export const encodedPart = (
  dependencies: DataDependencies,
  plan: DataPlan,
  part: SourcePart,
  attempt: Attempt,
): Promise<{ readonly encoded: EncodedPart; readonly found: boolean }> =>
  withScratch(dependencies, async (scratch) => {
    const decisionsFolder = await fetchDecisions(dependencies, plan, part, scratch, attempt);
    const decisions = await readDecisions(decisionsFolder);
    const known = await findEncoded(dependencies, plan, decisions, part, scratch, attempt);
    if (known) return { encoded: known, found: true };
    const encoded = await makeEncoded(dependencies, plan, part, { decisionsFolder, scratch, attempt });
    for (const { name, sha256, bytes } of encoded.files) {
      const file = { path: join(scratch, 'encoded', name), sha256: sha256 as Sha256, bytes };
      await putContent(dependencies.store, shardFileKey(file.sha256), file, attempt);
    }
    const digest = encodedDigest(plan, decisions, part);
    await storeOutput(dependencies.store, digest, join(scratch, 'encoded'), [ENCODED], attempt);
    return { encoded, found: false };
  });

/** A folder with the decisions, and the verdicts on one part's rows. */
export async function fetchDecisions(
  dependencies: DataDependencies,
  plan: DataPlan,
  part: SourcePart | null,
  scratch: string,
  attempt: Attempt,
): Promise<string> {
  const { store } = dependencies;
  const digest = decisionsDigest(plan);
  const folder = join(scratch, 'decisions');
  await mkdir(folder);
  const wanted = [DECISIONS, ...(part ? [verdictsFile(part.index)] : [])];
  await orAgain(
    (output) => fetchOutput(store, digest, output, folder, attempt, (name) => wanted.includes(name)),
    await findOutput(store, digest, attempt),
    () => makeDecisions(dependencies, plan, attempt),
  );
  return folder;
}

/** null: it was not made, or a shard of it is not there any more. */
async function findEncoded(
  { store }: DataDependencies,
  plan: DataPlan,
  decisions: Decisions,
  part: SourcePart,
  scratch: string,
  attempt: Attempt,
): Promise<EncodedPart | null> {
  const digest = encodedDigest(plan, decisions, part);
  const output = await findOutput(store, digest, attempt);
  if (!output) return null;
  const reading = { ...attempt, folder: scratch, schema: encodedPartSchema };
  const encoded = await readOutput(store, digest, output, ENCODED, reading);
  for (const { sha256, bytes } of encoded.files)
    if ((await store.head(shardFileKey(sha256 as Sha256), attempt))?.bytes !== bytes) return null;
  return encoded;
}

async function makeEncoded(
  dependencies: DataDependencies,
  plan: DataPlan,
  part: SourcePart,
  { decisionsFolder, scratch, attempt }: { decisionsFolder: string; scratch: string; attempt: Attempt },
): Promise<EncodedPart> {
  const { job, source } = plan.context;
  const { imageSize, shardRows } = plan;
  const file = await fileOfPart(dependencies, plan, part, scratch, attempt.signal);
  const task = {
    ...{ sourceName: source.name, file, part, job, decisionsFolder },
    ...{ modelFolder: await tokenizerFolder(dependencies, plan, attempt), imageSize, shardRows },
    outFolder: join(scratch, 'encoded'),
  };
  return dependencies.threads.run('encode', task, attempt);
}

/** The model's folder, of tasks on text. */
export const tokenizerFolder = async (
  dependencies: DataDependencies,
  { context: { job, model } }: DataPlan,
  attempt: Attempt,
): Promise<string | null> => (kindOf(job) === 'tokens' ? modelFolder(dependencies, model, attempt) : null);
