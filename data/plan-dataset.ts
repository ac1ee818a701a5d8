import { decideDataset, type Decisions } from './prepare/decide.js';
import { surveySource, type SurveyInput } from './prepare/survey.js';

/** @throws DataError with the first thing that is wrong with the source. */
export const planDataset = async (input: SurveyInput): Promise<Decisions> =>
  decideDataset({ survey: await surveySource(input), job: input.job, sourceName: input.source.name });
