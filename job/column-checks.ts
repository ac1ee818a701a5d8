import type { PlacedProblem } from './explain-issue.js';
import type { Job } from './schema.js';

/** The columns that a task reads, with what each is; every one has to be another. */
function columnsOf({ task, data }: Job): { path: readonly PropertyKey[]; column: string; what: string }[] {
  const at = (key: string, column: string, what: string) => ({ path: ['data', key], column, what });
  const label = task === 'causal-lm' ? [] : [at('label', data.label, 'the label')];
  switch (task) {
    case 'text-classification': {
      const pair = data.textPair === undefined ? [] : [at('textPair', data.textPair, 'the second text')];
      return [at('text', data.text, 'the text'), ...pair, ...label];
    }
    case 'causal-lm':
      return [at('text', data.text, 'the text')];
    case 'token-classification':
      return [at('words', data.words, 'the words'), ...label];
    case 'image-classification':
      return [at('image', data.image, 'the image'), ...label];
    case 'tabular-classification':
    case 'tabular-regression': {
      const { features = [] } = data;
      const listed = (path: readonly PropertyKey[], columns: readonly string[]) =>
        columns.map((column, index) => ({ path: [...path, index], column, what: 'a feature' }));
      const named =
        'numeric' in features
          ? [
              ...listed(['data', 'features', 'numeric'], features.numeric),
              ...listed(['data', 'features', 'categorical'], features.categorical),
            ]
          : listed(['data', 'features'], features);
      return [...label, ...named];
    }
  }
}

/** Columns that are named twice, and an example too short for its special tokens. */
export function columnProblems(job: Job): PlacedProblem[] {
  const { data } = job;
  const problems: PlacedProblem[] = [];
  const columns = columnsOf(job);
  const split =
    'column' in data.split ? [{ path: ['data', 'split', 'column'], column: data.split.column, what: '' }] : [];
  const taken = new Map<string, string>();
  for (const { path, column, what } of [...columns, ...split]) {
    const other = taken.get(column);
    if (other === undefined) taken.set(column, what);
    else {
      const message = `expected a column of its own, found \`${column}\`, which is ${other}`;
      problems.push({ path, at: 'value', message });
    }
  }
  const { features } = data;
  if (features !== undefined && 'numeric' in features && features.numeric.length + features.categorical.length === 0) {
    const message =
      'expected columns under `numeric` or `categorical`, found none: leave `features` out to learn from all';
    problems.push({ path: ['data', 'features'], at: 'key', message });
  }
  const fewest = job.task === 'causal-lm' ? 1 : data.textPair === undefined ? 3 : 5;
  if (data.maxLength < fewest) {
    const why = fewest === 3 ? 'two special tokens and one of the text' : 'three special tokens and one of each text';
    const message = `expected at least ${fewest} (${why}), found ${data.maxLength}`;
    problems.push({ path: ['data', 'maxLength'], at: 'value', message });
  }
  return problems;
}
