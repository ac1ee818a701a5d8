import { describe, expect, test } from 'vitest';
import { entitiesOf, EntityCounts, markEntities } from '../../training/metrics/entities.js';
import { figuresOf, micro } from '../../training/metrics/counts.js';
import { rankFigures } from '../../training/metrics/ranking.js';
import { quantile, regressionFigures } from '../../training/metrics/regression.js';
import { ScoreTable } from '../../training/metrics/score-table.js';
import { isAmongTop, logOdds } from '../../training/metrics/scores.js';
import { metricFixtures } from '../support/metric-fixtures.js';
import { seededRandom } from '../support/random.js';

const side = (scores: readonly number[], positive: readonly number[], which: number) =>
  Float32Array.from(scores.filter((_, i) => positive[i] === which));

/** Expected null or a number to 12 digits. */
function same(found: number | null, expected: number | null, what?: string): void {
  if (expected === null || found === null) expect(found, what).toBe(expected);
  else expect(Math.abs(found - expected), what).toBeLessThan(1e-12 * Math.max(1, Math.abs(expected)));
}

describe('AUROC and average precision are those of scikit-learn', () => {
  test.each(metricFixtures.ranking)('$name', ({ scores, positive, auroc, auprc }) => {
    const found = rankFigures(side(scores, positive, 1), side(scores, positive, 0));
    same(found.auroc, auroc, 'auroc');
    same(found.auprc, auprc, 'auprc');
  });

  test('and NaN where a score is', () => {
    const nothing = { auroc: NaN, auprc: NaN };
    expect(rankFigures(Float32Array.of(1, NaN, 0), Float32Array.of(2, 3))).toEqual(nothing);
    expect(rankFigures(Float32Array.of(1), Float32Array.of(NaN, 3))).toEqual(nothing);
  });
});

describe('a table of scores', () => {
  const classes = 3;
  const random = seededRandom(3);
  const rows = Array.from({ length: 4000 }, () => {
    const label = Math.floor(random() * classes);
    const scores = Float32Array.from({ length: classes }, (_, c) => 4 * random() + (c === label ? 1 : 0) - 2);
    return { label, scores };
  });
  const filled = (kept?: number) => {
    const table = new ScoreTable(classes, kept);
    for (const { label, scores } of rows) table.add(scores, (c) => c === label);
    return table;
  };

  test('is exact until it is full, and then counts in bins with nearly the same figures', () => {
    const exact = filled();
    expect(exact.bins).toBeNull();
    expect(filled(12_000).bins).toBeNull();
    const binned = filled(11_999);
    expect(binned.bins).toBe(65_536);
    const [expected, found] = [exact.figures(), binned.figures()];
    expected.forEach((figures, c) => {
      const [scores, positive] = [rows.map((row) => row.scores[c]!), rows.map((row) => Number(row.label === c))];
      expect(figures).toEqual(rankFigures(side(scores, positive, 1), side(scores, positive, 0)));
    });
    found.forEach(({ auroc, auprc }, c) => {
      expect(auroc).toBeCloseTo(expected[c]!.auroc!, 3);
      expect(auprc).toBeCloseTo(expected[c]!.auprc!, 2);
    });
    expect(found).not.toEqual(expected); // ties of a bin count half
  });

  test('in bins is exact where bins part the scores, and clamps what lies outside', () => {
    const scores = [-90, -7, -7, 0.5, 3, 3, 31, 500, 800];
    const positive = [0, 1, 0, 0, 1, 1, 0, 1, 1];
    const table = new ScoreTable(1, 0);
    scores.forEach((score, i) => table.add(Float32Array.of(score), () => positive[i] === 1));
    expect(table.bins).toBe(65_536);
    expect(table.figures()).toEqual([rankFigures(side(scores, positive, 1), side(scores, positive, 0))]);
  });

  test('in bins is NaN for the class of which a score is', () => {
    const table = new ScoreTable(2, 0);
    table.add(Float32Array.of(NaN, 1), (c) => c === 0);
    table.add(Float32Array.of(1, 0), (c) => c === 1);
    expect(table.figures()).toEqual([
      { auroc: NaN, auprc: NaN },
      { auroc: 0, auprc: 0.5 },
    ]);
  });

  test('has fewer bins a class where the classes are many', () => {
    const table = new ScoreTable(1024, 0);
    table.add(new Float32Array(1024), (c) => c === 1);
    expect(table.bins).toBe(16_384);
  });
});

describe('log-odds', () => {
  test('are log p - log(1 - p) of the softmax', () => {
    const logits = Float32Array.of(1, -2, 0.5, 3);
    const found = new Float32Array(4);
    logOdds(logits, found);
    const powers = Array.from(logits, Math.exp);
    const total = powers.reduce((a, b) => a + b);
    powers.forEach((power, i) => expect(found[i]).toBeCloseTo(Math.log(power / (total - power)), 5));
  });

  test('tell rows apart whose probability rounds to 1 or 0, and are finite', () => {
    const found = [60, 61, 900].map((logit) => {
      const odds = new Float32Array(3);
      logOdds(Float32Array.of(0, logit, 0), odds);
      return odds;
    });
    expect(found.map((odds) => odds[1])).toEqual([60, 61, 900].map((logit) => Math.fround(logit - Math.log(2))));
    expect(found.map((odds) => odds[0])).toEqual([-60, -61, -900]);
  });
});

test('of equal scores the later class is above, as scikit-learn has it', () => {
  const scores = [1, 3, 1, 2];
  expect([0, 1, 2, 3].map((label) => [1, 2, 3, 4].find((k) => isAmongTop(scores, label, k)))).toEqual([4, 1, 3, 2]);
});

describe('errors are those of scikit-learn and numpy', () => {
  test.each(metricFixtures.numbers)('$name', ({ figures, quantiles, ...given }) => {
    const [values, predicted] = [given.values, given.predicted].map((each) => each.map(Math.fround));
    const found = regressionFigures(values!, predicted!);
    for (const [name, expected] of Object.entries(figures)) same(found[name as keyof typeof found], expected, name);
    const residuals = predicted!.map((value, i) => value - values![i]!).sort((a, b) => a - b);
    [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1].forEach((q, i) => same(quantile(residuals, q), quantiles[i]!, `quantile ${q}`));
  });
});

describe('entities are those of seqeval', () => {
  test.each(metricFixtures.entities)('$name', ({ truth, predicted, figures, byType }) => {
    const counts = new EntityCounts();
    truth.forEach((row, i) => counts.add(row, predicted[i]!));
    const together = micro([...counts.byType.values()]);
    for (const [name, expected] of Object.entries(figures))
      same(together[name as keyof typeof together], expected, name);
    expect([...counts.byType.keys()]).toEqual(Object.keys(byType).sort());
    for (const [type, count] of counts.byType) {
      const found = { ...figuresOf(count), support: count.support };
      for (const [name, expected] of Object.entries(byType[type]!)) {
        same(found[name as keyof typeof found], expected, `${name} of ${type}`);
      }
    }
  });

  test('with their beginnings and ends', () => {
    expect(entitiesOf(['B-A', 'I-A', 'I-B', 'O', 'S-C', 'E-C', 'B-A', 'E-A', 'I-A'])).toEqual([
      { type: 'A', from: 0, to: 1 },
      { type: 'B', from: 2, to: 2 },
      { type: 'C', from: 4, to: 4 },
      { type: 'C', from: 5, to: 5 },
      { type: 'A', from: 6, to: 7 },
      { type: 'A', from: 8, to: 8 },
    ]);
  });

  test.each([
    [['O', 'B-PER', 'I-PER'], true],
    [['O', 'S-X', 'B-X', 'I-X', 'E-X'], true],
    [['B', 'I', 'O'], true],
    [['NOUN', 'VERB', 'O'], false],
    [['O'], false],
    [['O', 'S'], false],
    [['O', 'B-'], false],
  ])('where %j mark them: %s', (tags, expected) => {
    expect(markEntities(tags)).toBe(expected);
  });
});
