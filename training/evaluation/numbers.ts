import { mean } from '../metrics/counts.js';
import { quantile, regressionFigures } from '../metrics/regression.js';
import { ByExample } from './by-example.js';
import { defined, type Evaluator } from './evaluator.js';
import { Worst } from './worst.js';

const QUANTILES = [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1];

/** One number an example: `values` float32 (1) against outputs (1). The worst are those of the largest absolute error. */
export function numberEvaluator(): Evaluator {
  const examples = new ByExample(3); // loss, target, predicted
  const worst = new Worst();
  return {
    add(outputs, targets, losses, example) {
      const [loss, target, predicted] = [losses[0]!, targets.values![0]!, outputs[0]!];
      examples.set(example, loss, target, predicted);
      worst.add(example, Math.abs(predicted - target), () => ({ label: target, predicted, loss }));
    },
    finish() {
      const [losses, targets, predicted] = [0, 1, 2].map((figure) => examples.column(figure)) as [
        number[],
        number[],
        number[],
      ];
      const { mae, rmse, r2 } = regressionFigures(targets, predicted);
      const residuals = Float64Array.from(predicted, (value, i) => value - targets[i]!).sort();
      return {
        metrics: { loss: mean(losses), mae, rmse, ...defined({ r2 }), examples: examples.count },
        residuals: QUANTILES.map((q) => ({ q, value: quantile(residuals, q) })),
        ...{ worst: worst.list(), notes: [] },
      };
    },
  };
}
