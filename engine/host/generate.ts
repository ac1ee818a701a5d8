/** How a language model goes on with texts. */
import { DataError } from '../../data/data-error.js';
import { openTokenizer } from '../../data/tokenize.js';
import type { Gpt2Config } from '../../models/families/gpt2.js';
import type { GenerationSettings } from '../../models/generation-settings.js';
import { elementsOf } from '../../models/safetensors-header.js';
import { compile } from '../../training/compile/program.js';
import { generate } from '../../training/generation/generate.js';
import { gpt2Decoder } from '../../training/generation/gpt2-decoder.js';
import { inBatches } from '../../training/in-batches.js';
import { tokenBucket } from '../../training/examples/order.js';
import type { Prediction, PredictInput } from '../protocol.js';
import { publishedReader } from './export-model.js';
import type { Loaded } from './workbench.js';

const ROWS = 8;
const ASSIGNED_AT_ONCE = 32 * 2 ** 20;

/** What follows each text, the end-of-text token left out. */
export async function generateTexts(
  { job, run, trainer, modelFolder }: Loaded,
  inputs: readonly PredictInput[],
  settings: GenerationSettings,
): Promise<Prediction[]> {
  if (run.family.name !== 'gpt2') throw new Error(`a ${run.family.name} model does not generate`);
  const config = run.config as Gpt2Config;
  const tokenizer = await openTokenizer(modelFolder, config.maxPositions);
  const endOfText = tokenizer.endOfText();
  const prompts = inputs.map((input) => {
    if (input.kind !== 'text') throw new DataError(`expected texts, found ${input.kind}`);
    // Every text of the training began after one.
    return [endOfText, ...tokenizer.encodeBare(input.text)];
  });
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  const positions = Math.min(config.maxPositions, longest + settings.maxNewTokens);
  const buckets = [Math.min(tokenBucket(longest, config.maxPositions), positions)];
  const decoder = gpt2Decoder(config, { rows: Math.min(ROWS, prompts.length), buckets, positions });
  const weights = run.plain.tensors.map(({ name, shape }) => [name, shape] as const);
  const program = compile({ variables: new Map([...weights, ...decoder.variables]), functions: decoder.functions });
  try {
    const read = publishedReader({ job, run, trainer });
    const sized = weights.map(([name, shape]) => ({ name, bytes: 4 * elementsOf(shape) }));
    for (const batch of inBatches(sized, ASSIGNED_AT_ONCE)) {
      program.assignAll(new Map(batch.map(({ name }) => [name, read(name)])));
    }
    const predictions: Prediction[] = [];
    for (let start = 0; start < prompts.length; start += decoder.rows) {
      const batch = prompts.slice(start, start + decoder.rows);
      const texts: number[][] = batch.map(() => []);
      for await (const tokens of generate(program, decoder, batch, settings, endOfText)) {
        tokens.forEach((token, row) => {
          if (token !== null && token !== endOfText) texts[row]!.push(token);
        });
      }
      for (const text of texts) predictions.push({ kind: 'text', text: tokenizer.decode(text) });
    }
    return predictions;
  } finally {
    program.close();
  }
}
