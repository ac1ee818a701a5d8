/** Figures of a classifier over one split, from the confusion counts: (true class, predicted class). */
export interface ClassificationReport {
  readonly loss: number;
  readonly accuracy: number;
  /** Mean of the classes' F1; a class that neither occurs nor is predicted does not count (as in scikit-learn). */
  readonly f1: number;
  readonly examples: number;
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly { precision: number; recall: number; f1: number; support: number }[];
}

const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b);
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

export function classificationReport(
  confusion: readonly (readonly number[])[],
  totalLoss: number,
): ClassificationReport {
  const examples = sum(confusion.map(sum));
  const correct = sum(confusion.map((row, i) => row[i]!));
  const perClass = confusion.map((row, i) => {
    const support = sum(row);
    const predicted = sum(confusion.map((other) => other[i]!));
    const [precision, recall] = [ratio(row[i]!, predicted), ratio(row[i]!, support)];
    return { precision, recall, f1: ratio(2 * row[i]!, support + predicted), support, predicted };
  });
  const seen = perClass.filter(({ support, predicted }) => support + predicted > 0);
  return {
    loss: ratio(totalLoss, examples),
    accuracy: ratio(correct, examples),
    f1: ratio(sum(seen.map(({ f1 }) => f1)), seen.length),
    examples,
    confusion,
    perClass: perClass.map(({ precision, recall, f1, support }) => ({ precision, recall, f1, support })),
  };
}
