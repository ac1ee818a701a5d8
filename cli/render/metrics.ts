import type { Metrics } from '../../workflows/contract.js';
import { loss, percent } from './units.js';

/** The metrics worth a place on a line besides the loss, in this order, as far as the task has them. */
const HEADLINES = ['accuracy', 'f1', 'perplexity', 'rmse', 'mae', 'r2'];
const IN_PERCENT = /^(accuracy|top\d+|f1|f1micro|precision|precisionmicro|recall|recallmicro|auroc|auprc)$/;
const TITLES: Readonly<Record<string, string>> = {
  f1: 'F1',
  rmse: 'RMSE',
  mae: 'MAE',
  r2: 'R²',
  auroc: 'AUROC',
  auprc: 'AUPRC',
};

/** `0.8140` as `81.4 %` where it is a share. */
export const metricValue = (name: string, value: number | null | undefined): string =>
  IN_PERCENT.test(name) ? percent(value) : loss(value);

/** Two headline metrics by name. */
export const headlines = (
  metrics: Metrics,
): readonly { readonly name: string; readonly title: string; readonly text: string }[] =>
  HEADLINES.filter((name) => name in metrics)
    .slice(0, 2)
    .map((name) => ({ name, title: TITLES[name] ?? name, text: metricValue(name, metrics[name]) }));

/** `accuracy 81.4 %`, the first headline; of a task without one, the loss. */
export function mainFigure(metrics: Metrics): { readonly title: string; readonly text: string } {
  return headlines(metrics)[0] ?? { title: 'loss', text: loss(metrics.loss) };
}
