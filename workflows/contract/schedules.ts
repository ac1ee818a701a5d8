/** The workflow retrain: one firing of a schedule. */
import type { ModelRef, RunId, SourceRef, StoredFile } from './refs.js';
import type { FineTuneOutcome } from './run.js';
import type { Job } from '../../job/schema.js';

/** What the firings of a schedule train on: the file as it was when the schedule was created, or as it is when one fires. */
export type ScheduledSource = { readonly read: 'at-creation'; readonly source: SourceRef } | LiveSource;

export interface LiveSource {
  readonly read: 'at-firing';
  readonly name: string;
  readonly format: SourceRef['format'];
  /** An absolute path on the control worker's host, or `s3://bucket/key`. */
  readonly place: string;
  /** All places, where there are several; `place` is the first. */
  readonly places?: readonly string[];
}

/** What a schedule hands to each of its firings. */
export interface RetrainInput {
  readonly schedule: string;
  readonly job: Job;
  readonly model: ModelRef;
  readonly data: ScheduledSource;
  /** As it was when the schedule was created. */
  readonly synonyms?: StoredFile;
}

export interface RetrainResult {
  readonly run: RunId;
  /** `already-run`: this firing had its run before. */
  readonly outcome: FineTuneOutcome | 'cancelled' | 'already-run';
}

export interface ScheduleActivities {
  /** Whether this firing has had its run, and the run of the firing before it, by the schedule's own record. */
  lookUpFiring(input: {
    readonly schedule: string;
    readonly firing: string;
    readonly startedAtMs: number;
  }): Promise<{ readonly hasRun: boolean; readonly before: RunId | null }>;
  /** Reads the data as they are now and puts them on S3, under their digest. */
  readSource(input: { readonly job: Job; readonly data: LiveSource }): Promise<SourceRef>;
}
