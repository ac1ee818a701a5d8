import { mkdir, readFile, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { Engine } from '../engine/client.js';
import { EngineDied, EngineFailure } from '../engine/failure.js';
import type { TextPrediction } from '../engine/protocol.js';
import { sha256OfFile } from '../storage/digest.js';
import { materialize } from '../storage/materialize.js';
import type { StoredFile } from '../workflows/contract.js';
import { CliError, exitCode } from './errors.js';
import { renderPredictions, topScores } from './render/predictions.js';
import { modelCache, parseCard, publishedModel, type ModelCard } from './runs/published-model.js';
import { runArgument } from './runs/run-argument.js';
import { readTexts } from './runs/texts.js';
import { withRuns } from './runs/with-runs.js';
import { withStore } from './services.js';

const help = `
The model is fetched from S3, verified, and run on this machine; a second time it is taken from the cache
($TEMPER_CACHE, else $XDG_CACHE_HOME/temper, else ~/.cache/temper).

Examples:
  $ temper predict glosses-1a2b3c4d "a small domesticated feline"
  $ temper predict glosses-1a2b3c4d --file new.jsonl --json > predicted.jsonl
  $ cat new.txt | temper predict glosses-1a2b3c4d --top 3       one text a line`;

interface PredictOptions {
  readonly file?: string;
  readonly top: number;
  readonly json: boolean;
}

const top = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number from 1.');
};

export const predict = (): Command =>
  new Command('predict')
    .description("What a finished run's model says of texts")
    .addArgument(runArgument())
    .argument('[text...]', 'the texts; none: --file, or stdin')
    .option('--file <path>', '.jsonl (its text column) or any text, one a line; - for stdin')
    .option('--top <n>', 'so many labels for each text', top, 1)
    .option('--json', 'one JSON object a line, with the score of every label', false)
    .addHelpText('after', help)
    .action(async (run: string, given: string[], options: PredictOptions) => {
      const folder = await fetchModel(run);
      const card = parseCard(await readFile(join(folder, 'temper.json'), 'utf8'));
      const texts = await readTexts({ texts: given, file: options.file ?? null, column: card.job.data.text });
      const predictions = await predictWith(folder, card, texts);
      const lines = options.json
        ? predictions.map(({ text, label, scores }) =>
            JSON.stringify({
              text,
              label,
              score: scores[label] ?? null,
              scores: Object.fromEntries(topScores(scores)),
            }),
          )
        : renderPredictions(predictions, options.top);
      process.stdout.write(`${lines.join('\n')}\n`);
    });

async function fetchModel(run: string): Promise<string> {
  const { files } = await withRuns((client) => publishedModel(client, run));
  const weights = files.find(({ name }) => name === 'model.safetensors');
  const card = files.find(({ name }) => name === 'temper.json');
  if (!weights || !card) throw new CliError(`The model of ${run} has no model.safetensors or no temper.json.`);
  const cache = modelCache(process.env);
  const name = `${run}-${card.sha256.slice(0, 16)}`;
  if (await damaged(join(cache, name), files)) await rm(join(cache, name), { recursive: true, force: true });
  return withStore((store) => materialize(store, files, cache, name));
}

/** Disks forget, and people edit: a folder that was there before is used only when every file is as it was published. */
async function damaged(folder: string, files: readonly StoredFile[]): Promise<boolean> {
  const same = files.map(({ name, sha256 }) =>
    sha256OfFile(join(folder, name)).then(
      (found) => found.sha256 === sha256,
      () => false,
    ),
  );
  return (await Promise.all(same)).includes(false);
}

async function predictWith(
  folder: string,
  { head, job }: ModelCard,
  texts: readonly string[],
): Promise<readonly TextPrediction[]> {
  await mkdir(modelCache(process.env), { recursive: true });
  const logFile = join(modelCache(process.env), 'predict.log');
  const engine = new Engine({ pinned: { intraOpThreads: availableParallelism(), interOpThreads: 1 }, logFile });
  try {
    await engine.request('load', {
      key: folder,
      job,
      modelFolder: folder,
      labels: head.labels,
      shards: { train: [], validation: [], test: [] },
      trainable: [],
    });
    const position = { step: 0, epoch: 0, cursor: 0 };
    await engine.request('restore', { shards: [join(folder, 'model.safetensors')], position });
    return await engine.request('predict', { texts });
  } catch (error) {
    if (error instanceof EngineFailure) throw new CliError(error.message, exitCode.runFailed, { cause: error });
    if (error instanceof EngineDied)
      throw new CliError(`${error.message}; what it said is in ${logFile}.`, exitCode.runFailed, { cause: error });
    throw error;
  } finally {
    await engine.close();
  }
}
