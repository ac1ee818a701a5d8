import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Shard } from '../../data/shards.js';
import type { TextTokenizer } from '../../data/tokenize.js';
import type { Prediction } from '../../training/classifier.js';
import { classificationReport } from '../../training/metrics/classification.js';
import type { EvaluationDetails, TextPrediction, WorstExample } from '../protocol.js';
import type { Loaded, SplitName } from './workbench.js';

const WORST_EXAMPLES = 50;

const best = (scores: ArrayLike<number>): number => {
  let at = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[at]!) at = i;
  return at;
};

function softmax(logits: Float32Array): number[] {
  const max = Math.max(...logits);
  const powers = Array.from(logits, (logit) => Math.exp(logit - max));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** Metrics of one split with the confusions and the examples that the model gets most wrong. */
export async function evaluateSplit(
  { classifier, tables, labels, shards }: Loaded,
  split: SplitName,
): Promise<EvaluationDetails> {
  const confusion = labels.map(() => labels.map(() => 0));
  let totalLoss = 0;
  let worst: Prediction[] = [];
  let seen = 0;
  for (const prediction of classifier.evaluate(tables[split])) {
    confusion[prediction.label]![best(prediction.logits)]! += 1;
    totalLoss += prediction.loss;
    worst.push(prediction);
    if (worst.length >= 20 * WORST_EXAMPLES) worst = keepWorst(worst);
    if (++seen % 512 === 0) await nextTurn();
  }
  const report = classificationReport(confusion, totalLoss);
  const { loss, accuracy, f1, examples } = report;
  return {
    metrics: { loss, accuracy, f1, examples },
    labels,
    confusion,
    perClass: report.perClass.map((figures, i) => ({ label: labels[i]!, ...figures })),
    worst: await describe(keepWorst(worst), labels, shards[split]),
  };
}

const keepWorst = (predictions: Prediction[]): Prediction[] =>
  predictions.sort((a, b) => b.loss - a.loss || a.example - b.example).slice(0, WORST_EXAMPLES);

async function describe(
  predictions: readonly Prediction[],
  labels: readonly string[],
  shards: readonly Shard[],
): Promise<WorstExample[]> {
  const texts = await Promise.all(shards.map((shard) => shard.texts()));
  return predictions.map(({ example, label, loss, logits }) => {
    let [shard, row] = [0, example];
    while (row >= shards[shard]!.rows) row -= shards[shard++]!.rows;
    const predicted = best(logits);
    return {
      id: texts[shard]!.id(row),
      text: texts[shard]!.text(row),
      label: labels[label]!,
      predicted: labels[predicted]!,
      loss,
      confidence: softmax(logits)[predicted]!,
    };
  });
}

/** Classes of texts in their order, with the softmax score of every class. */
export function predictTexts(
  { classifier, labels }: Loaded,
  tokenizer: TextTokenizer,
  texts: readonly string[],
): TextPrediction[] {
  const rows = texts.map((text) => tokenizer.encode(text));
  const offsets = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => (offsets[i + 1] = offsets[i]! + row.length));
  const tokens = new Int32Array(offsets.at(-1)!);
  rows.forEach((row, i) => tokens.set(row, offsets[i]));
  const table = { tokens, offsets, labels: new Int32Array(rows.length) };
  classifier.prepareFor(table);
  const predictions = new Array<TextPrediction>(texts.length);
  for (const { example, logits } of classifier.evaluate(table)) {
    const scores = softmax(logits);
    predictions[example] = {
      text: texts[example]!,
      label: labels[best(scores)]!,
      scores: Object.fromEntries(labels.map((label, i) => [label, scores[i]!])),
    };
  }
  return predictions;
}
