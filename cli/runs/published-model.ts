import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { z } from 'zod';
import { datasetManifestSchema } from '../../data/manifest.js';
import { jobSchema } from '../../job/schema.js';
import type { PublishedModel } from '../../workflows/contract.js';
import { CliError } from '../../infra/errors.js';
import { endWhenReachable } from './ending.js';
import { describeRun } from './workflow-state.js';

/** The model that a run published. @throws CliError when there is none: still running, failed, cancelled. */
export async function publishedModel(client: Client, run: string): Promise<PublishedModel> {
  const { state } = await describeRun(client, run);
  if (state === 'running')
    throw new CliError(
      `${run} still runs and has no model yet: \`temper watch ${run}\` shows it, \`temper stop ${run}\` ends it with the best model so far.`,
    );
  const { result, message } = await endWhenReachable(client, run);
  if (!result) throw new CliError(`${message.replace(/\.$/, '')}. It published no model.`);
  return result.model;
}

export const cacheRoot = (env: NodeJS.ProcessEnv): string =>
  env['TEMPER_CACHE'] || join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'temper');

/** Where published models are kept on this machine: a copy is verified whenever it is used. */
export const modelCache = (env: NodeJS.ProcessEnv): string => join(cacheRoot(env), 'published');

/** The card that publishModel writes into the folder; what other versions add to it is left alone. */
const cardSchema = z.object({
  format: z.literal('temper-model/2'),
  /** How the data was prepared; its files are not listed. */
  data: datasetManifestSchema,
  job: jobSchema,
});

export type ModelCard = z.infer<typeof cardSchema>;

export function parseCard(text: string): ModelCard {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CliError("The model's temper.json is no JSON: publish the model again.");
  }
  const parsed = cardSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new CliError(
    `The model's temper.json is not what this version of Temper writes: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`,
  );
}
