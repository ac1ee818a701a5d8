import type { Job } from '../../job/schema.js';

/** The columns that a table is learnt from, in the order in which they become inputs. */
export interface FeatureColumns {
  readonly numeric: readonly string[];
  readonly categorical: readonly string[];
}

/** Columns that the job names, by the key that names them; empty where all but the label are meant. */
export function explicitFeatures({ features }: Pick<Job['data'], 'features'>): ReadonlyMap<string, string> {
  if (features === undefined) return new Map();
  const listed = (key: string, columns: readonly string[]) =>
    columns.map((column, index) => [`${key}[${index}]`, column] as const);
  if ('numeric' in features) {
    const { numeric, categorical } = features;
    return new Map([...listed('data.features.numeric', numeric), ...listed('data.features.categorical', categorical)]);
  }
  return new Map(listed('data.features', features));
}

/** What the job says of a column; null: its values tell. */
export function declaredType(
  { features }: Pick<Job['data'], 'features'>,
  column: string,
): 'numeric' | 'categorical' | null {
  if (features === undefined || !('numeric' in features)) return null;
  return features.numeric.includes(column) ? 'numeric' : 'categorical';
}
