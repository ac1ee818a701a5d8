import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Prediction, PredictRequest } from '../engine/protocol.js';
import type { Job } from '../job/schema.js';
import { generationSchema, type GenerationSettings } from '../models/generation-settings.js';
import { sha256OfFile } from '../storage/digest.js';
import { materialize } from '../storage/materialize.js';
import type { StoredFile } from '../workflows/contract.js';
import { CliError } from './errors.js';
import { predictionAsJson, renderPredictions } from './render/predictions.js';
import { withEngine } from './runs/local-engine.js';
import { modelCache, parseCard, publishedModel, type ModelCard } from './runs/published-model.js';
import { runArgument } from './runs/run-argument.js';
import { predictInputs } from './runs/predict-inputs.js';
import { withRuns } from './runs/with-runs.js';
import { withStore } from './services.js';

const help = `
The model is fetched from S3, verified, and run on this machine; a second time it is taken from the cache
($TEMPER_CACHE, else $XDG_CACHE_HOME/temper, else ~/.cache/temper).

Examples:
  $ temper predict glosses-1a2b3c4d "a small domesticated feline"
  $ temper predict glosses-1a2b3c4d --file new.jsonl --json > predicted.jsonl
  $ cat new.txt | temper predict glosses-1a2b3c4d --top 3       one text a line
  $ temper predict emoji-1a2b3c4d cat.png dog.png               an image model
  $ temper predict glosses-lm-1a2b3c4d "a tool for" --temperature 0.8 --top-k 40`;

interface PredictOptions {
  readonly file?: string;
  readonly top: number;
  readonly json: boolean;
  readonly generation: GenerationSettings;
}

const top = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number from 1.');
};

export const predict = (): Command =>
  new Command('predict')
    .description("What a finished run's model says of texts, images or rows")
    .addArgument(runArgument())
    .argument('[input...]', 'texts, paths of images, or rows as JSON; none: --file, or stdin')
    .option(
      '--file <path>',
      '.jsonl, .csv, .tsv with the columns of the job, or texts or paths, one a line; - for stdin',
    )
    .option('--top <n>', 'so many labels for each text', top, 1)
    .option('--max-new-tokens <n>', 'causal-lm: a text ends after so many', Number)
    .option('--temperature <t>', 'causal-lm: 0 takes the likeliest token, above 0 tokens are drawn', Number)
    .option('--top-k <n>', 'causal-lm: draw from so many likeliest tokens', Number)
    .option('--top-p <p>', 'causal-lm: draw from the likeliest that together have this probability', Number)
    .option('--repetition-penalty <x>', 'causal-lm: above 1 repeats less', Number)
    .option('--seed <n>', 'causal-lm: every draw is a function of it', Number)
    .option('--json', 'one JSON object a line, with the score of every label', false)
    .addHelpText('after', help)
    .action(async (run: string, given: string[], asked: PredictOptions & Record<string, unknown>) => {
      const options = { ...asked, generation: generationOf(asked) };
      const folder = await fetchModel(run);
      const card = parseCard(await readFile(join(folder, 'temper.json'), 'utf8'));
      const inputs = await predictInputs(card.job, { given, file: options.file ?? null });
      const predictions = await predictWith(folder, card, { inputs, generation: options.generation });
      const lines = options.json
        ? predictions.map((prediction, i) => JSON.stringify(predictionAsJson(inputs[i]!, prediction)))
        : renderPredictions(inputs, predictions, options.top);
      process.stdout.write(`${lines.join('\n')}\n`);
    });

/** @throws CliError naming the option. */
function generationOf(asked: Readonly<Record<string, unknown>>): GenerationSettings {
  const keys = Object.keys(generationSchema.shape);
  const given = Object.fromEntries(Object.entries(asked).filter(([key]) => keys.includes(key)));
  const parsed = generationSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message } = parsed.error.issues[0]!;
  const option = String(path[0]).replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new CliError(`--${option}: ${message}.`);
}

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

function predictWith(
  folder: string,
  { data, job }: ModelCard,
  request: PredictRequest,
): Promise<readonly Prediction[]> {
  const none = { train: [], validation: [], test: [] };
  return withEngine({ log: 'predict' }, async (engine) => {
    await engine.request('load', {
      key: folder,
      job: asPublished(job),
      modelFolder: folder,
      dataset: data,
      shards: none,
      features: null,
      train: false,
    });
    await engine.request('restore', { shards: [], position: { step: 0, epoch: 0, cursor: 0 } });
    return engine.request('predict', request);
  });
}

/** The folder holds everything: adapters are merged in, averages have taken the weights' place. */
function asPublished({ lora: _, ...job }: Job): Job {
  return { ...job, freeze: 'none', pretrained: true, train: { ...job.train, ema: undefined } };
}
