import type { Client } from '@temporalio/client';
import type { TemperConnection } from '../../infra/connection.js';
import { withTemporal } from '../services.js';
import { temporalFailure } from './temporal-failure.js';

/** withTemporal, with a server that goes away in between told in a sentence. */
export const withRuns = <Result>(
  use: (client: Client, settings: TemperConnection) => Promise<Result>,
): Promise<Result> =>
  withTemporal((client, settings) =>
    use(client, settings).catch((error: unknown) => {
      throw temporalFailure(error);
    }),
  );
