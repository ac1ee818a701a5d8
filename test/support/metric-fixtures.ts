import { readFileSync } from 'node:fs';

/** test/fixtures/metrics.json, made by test/references/metrics.py; null: scikit-learn has no figure either. */
type Figures = Readonly<Record<string, number | null>>;

export interface ScoredCase {
  readonly name: string;
  readonly classes: number;
  readonly logits: readonly number[];
  readonly losses: readonly number[];
  readonly perClass: readonly Figures[];
  readonly aurocByClass?: readonly (number | null)[];
  readonly auprcByClass?: readonly (number | null)[];
  readonly figures: Figures;
}

interface MetricFixtures {
  readonly classes: readonly (ScoredCase & { labels: readonly number[]; confusion: readonly (readonly number[])[] })[];
  readonly manyLabels: readonly (ScoredCase & { flags: readonly number[] })[];
  readonly ranking: readonly {
    name: string;
    positive: readonly number[];
    scores: readonly number[];
    auroc: number | null;
    auprc: number | null;
  }[];
  readonly numbers: readonly {
    name: string;
    values: readonly number[];
    predicted: readonly number[];
    figures: Figures;
    quantiles: readonly number[];
  }[];
  readonly entities: readonly {
    name: string;
    truth: readonly (readonly string[])[];
    predicted: readonly (readonly string[])[];
    figures: Figures;
    byType: Readonly<Record<string, Figures>>;
    accuracy: number;
    ofTags: Figures;
  }[];
  readonly language: readonly {
    name: string;
    labels: readonly number[];
    weights: readonly number[];
    predicted: readonly number[];
    losses: readonly number[];
    figures: Figures;
  }[];
}

export const metricFixtures = JSON.parse(
  readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8'),
) as MetricFixtures;
