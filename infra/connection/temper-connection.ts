import type { StoreSettings } from '../../storage/s3/connection.js';
import type { TemporalSettings } from './configured-temporal.js';

/**
 * Which Temporal and which S3. For each, what the user says comes first (TEMPORAL_ADDRESS, TEMPORAL_PROFILE,
 * TEMPORAL_CONFIG_FILE; TEMPER_S3_ENDPOINT, TEMPER_S3_BUCKET), then the stack of this directory, and last, for
 * Temporal, the default profile of the user's configuration file: a profile for another cluster must not take the
 * runs of a directory that has a stack.
 */
export interface TemperConnection {
  readonly source: 'environment' | 'profile' | 'embedded';
  readonly temporal: TemporalSettings;
  readonly store: StoreSettings;
  readonly storeSource: 'environment' | 'embedded';
  /** Known of the embedded stack alone. */
  readonly uiUrl: string | null;
}
