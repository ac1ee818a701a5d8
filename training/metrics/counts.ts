/** What precision, recall and F1 are worked out from: of one class, or of all together. */
export interface Counts {
  readonly hits: number;
  readonly predicted: number;
  readonly support: number;
}

export interface Figures {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** a / b, and 0 where there is nothing to divide by. */
export const ratio = (a: number, b: number): number => (b === 0 ? 0 : a / b);

export const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};

export const mean = (values: readonly number[]): number => ratio(sum(values), values.length);

/** Precision, recall and F1; each is 0 where it has nothing to divide by. */
export const figuresOf = ({ hits, predicted, support }: Counts): Figures => ({
  precision: ratio(hits, predicted),
  recall: ratio(hits, support),
  f1: ratio(2 * hits, support + predicted),
});

/** Means of the classes' figures. */
export function macro(classes: readonly Counts[]): Figures {
  const figures = classes.map(figuresOf);
  return {
    precision: mean(figures.map(({ precision }) => precision)),
    recall: mean(figures.map(({ recall }) => recall)),
    f1: mean(figures.map(({ f1 }) => f1)),
  };
}

/** Figures of all classes counted together. */
export const micro = (classes: readonly Counts[]): Figures =>
  figuresOf({
    hits: sum(classes.map(({ hits }) => hits)),
    predicted: sum(classes.map(({ predicted }) => predicted)),
    support: sum(classes.map(({ support }) => support)),
  });

/** `precisionmicro`, `recallmicro` and `f1micro`. */
export function microNamed(classes: readonly Counts[]) {
  const { precision, recall, f1 } = micro(classes);
  return { precisionmicro: precision, recallmicro: recall, f1micro: f1 };
}
