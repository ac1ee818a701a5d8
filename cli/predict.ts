import { Command, InvalidArgumentError } from 'commander';
import type { Prediction, PredictRequest } from '../engine/protocol.js';
import { generationSchema, type GenerationSettings } from '../models/generation-settings.js';
import { CliError } from '../infra/errors.js';
import { predictionAsJson, renderPredictions } from './render/predictions.js';
import { loadPublished, modelPlace, type ModelPlace } from './runs/model-place.js';
import { modelArgument } from './runs/run-argument.js';
import { withEngine } from './runs/local-engine.js';
import { predictInputs } from './runs/predict-inputs.js';

const help = `
A run's model is fetched from S3, verified, and run on this machine; a second time it is taken from the cache ($TEMPER_CACHE,
else $XDG_CACHE_HOME/temper, else ~/.cache/temper). A folder that \`temper export\` wrote, in any format, needs no stack.

Examples:
  $ temper predict glosses-1a2b3c4d "a small domesticated feline"
  $ temper predict glosses-1a2b3c4d --file new.jsonl --json > predicted.jsonl
  $ cat new.txt | temper predict glosses-1a2b3c4d --top 3       one text a line
  $ temper predict emoji-1a2b3c4d cat.png dog.png               an image model
  $ temper predict ./glosses-model "a small domesticated feline"    a folder that \`temper export\` wrote
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
    .description("What a model says of texts, images or rows: a finished run's, or an exported folder's")
    .addArgument(modelArgument())
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
    .action(async (named: string, given: string[], asked: PredictOptions & Record<string, unknown>) => {
      const options = { ...asked, generation: generationOf(asked) };
      const place = await modelPlace(named);
      const inputs = await predictInputs(place.card.job, { given, file: options.file ?? null });
      const predictions = await predictWith(place, { inputs, generation: options.generation });
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

async function predictWith(place: ModelPlace, request: PredictRequest): Promise<readonly Prediction[]> {
  const { folder, form, card, allowModules } = place;
  return withEngine({ log: 'predict', allowModules }, async (engine) => {
    if (form === 'exported') {
      return engine.request('predictExported', { folder, job: card.job, dataset: card.data, inputs: request.inputs });
    }
    await loadPublished(engine, place);
    return engine.request('predict', request);
  });
}
