/** What is decided of the cells of tables: which rows their gaps and outliers leave out, and how the others become inputs. */
import type { Job } from '../../job/schema.js';
import type { FeatureColumns } from '../features/columns.js';
import { columnsWithoutGaps, fillsOf } from '../features/fill.js';
import { transformFitter } from '../features/fit.js';
import { hasOutlier, limitsFitter, outlierColumns, type Limits } from '../features/outliers.js';
import { scalesOf } from '../features/scales.js';
import { featureSurvey } from '../features/survey.js';
import type { FeatureTransform } from '../features/transform.js';
import { splits } from '../split.js';
import type { Surveys } from './surveys.js';
import { droppedFor, isKept } from './verdicts.js';

/** @throws DataError for a column that is neither numbers nor categories, and for steps of cleaning that name a wrong one. */
export function tableDecider(survey: Surveys, job: Job, sourceName: string) {
  const { data } = job;
  const found = featureSurvey(data, sourceName);
  for (const notes of survey.features()) found.merge(notes);
  const features = found.decide();
  const fills = fillsOf(data, features, sourceName);
  const scales = scalesOf(data, features.numeric, sourceName);
  const { outliers } = data.clean;
  const watched = outliers ? outlierColumns(outliers, features.numeric, sourceName) : [];
  const cleaned = { features, fills, limits: new Map<string, Limits>() as ReadonlyMap<string, Limits> };

  return {
    features,

    /** Leaves out rows with an empty cell in a column that may have none. */
    async dropGaps(verdicts: Uint8Array): Promise<void> {
      const columns = columnsWithoutGaps(features, fills);
      if (columns.length === 0) return;
      await eachRow(survey, features, verdicts, isKept, (cells, row) => {
        if (columns.some((column) => cells[column] === undefined)) verdicts[row] = droppedFor('gap');
      });
    },

    /** Learns the limits of numbers from the training rows, and leaves out those that are outside where the job says so. */
    async judgeOutliers(verdicts: Uint8Array): Promise<void> {
      if (!outliers) return;
      const fitter = limitsFitter(watched, outliers);
      await eachRow(survey, features, verdicts, trains, (cells) => fitter.add(cells));
      const limits = fitter.limits();
      if (outliers.action === 'clip') {
        cleaned.limits = limits;
        return;
      }
      await eachRow(survey, features, verdicts, trains, (cells, row) => {
        if (hasOutlier(cells, limits)) verdicts[row] = droppedFor('outlier');
      });
    },

    /** From the training rows that are left. */
    async fit(verdicts: Uint8Array): Promise<FeatureTransform> {
      const fitter = transformFitter(features, { scales, fills: cleaned.fills, limits: cleaned.limits });
      await eachRow(survey, features, verdicts, trains, (cells) => fitter.add(cells));
      return fitter.transform();
    },
  };
}

const TRAIN = splits.indexOf('train');
const trains = (verdict: number): boolean => verdict === TRAIN;

/** The cells of the rows whose verdict `wants`, as it stood before the first, each with its place in the source. */
async function eachRow(
  survey: Surveys,
  features: FeatureColumns,
  verdicts: Uint8Array,
  wants: (verdict: number) => boolean,
  work: (cells: Readonly<Record<string, unknown>>, row: number) => void,
): Promise<void> {
  // A row is asked for, then its cells come: the last one asked for is theirs.
  let asked = -1;
  const rows = survey.cells(features, (row) => {
    const wanted = wants(verdicts[row]!);
    if (wanted) asked = row;
    return wanted;
  });
  for await (const cells of rows) work(cells, asked);
}
