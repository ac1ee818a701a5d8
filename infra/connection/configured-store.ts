import { z } from 'zod';
import { CliError } from '../errors.js';
import type { StoreSettings } from '../../storage/s3/connection.js';

const unsetIfEmpty = (value: unknown): unknown => (value === '' ? undefined : value);
const text = z.preprocess(unsetIfEmpty, z.string().optional());
const flag = z.preprocess(unsetIfEmpty, z.enum(['true', 'false', '1', '0'], 'expected true or false').optional());

const environmentSchema = z.object({
  TEMPER_S3_ENDPOINT: z.preprocess(
    unsetIfEmpty,
    z.url({ protocol: /^https?$/, error: 'expected a URL such as https://s3.example.org' }).optional(),
  ),
  TEMPER_S3_BUCKET: text,
  TEMPER_S3_PREFIX: text,
  TEMPER_S3_REGION: text,
  TEMPER_S3_FORCE_PATH_STYLE: flag,
  AWS_REGION: text,
  AWS_DEFAULT_REGION: text,
  AWS_REQUEST_CHECKSUM_CALCULATION: z.preprocess(
    (value) => (typeof value === 'string' ? unsetIfEmpty(value.toUpperCase()) : value),
    z.enum(['WHEN_SUPPORTED', 'WHEN_REQUIRED'], 'expected WHEN_SUPPORTED or WHEN_REQUIRED').optional(),
  ),
});

/** The credentials are left to the SDK's own chain: environment, profile, instance role. */
export const configuredStore = (environment: NodeJS.ProcessEnv): StoreSettings => {
  const parsed = environmentSchema.safeParse(environment);
  if (!parsed.success)
    throw new CliError(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}.`).join('\n'));
  const env = parsed.data;
  const endpoint = env.TEMPER_S3_ENDPOINT;
  const bucket = env.TEMPER_S3_BUCKET ?? 'temper';
  const pathStyle = env.TEMPER_S3_FORCE_PATH_STYLE;
  return {
    ...(endpoint === undefined ? {} : { endpoint }),
    bucket,
    region: env.TEMPER_S3_REGION ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1',
    // Stores with an address of their own seldom have host names for buckets.
    forcePathStyle: pathStyle === undefined ? endpoint !== undefined : pathStyle === 'true' || pathStyle === '1',
    ...(env.AWS_REQUEST_CHECKSUM_CALCULATION === undefined
      ? {}
      : { requestChecksumCalculation: env.AWS_REQUEST_CHECKSUM_CALCULATION }),
    ...(env.TEMPER_S3_PREFIX === undefined ? {} : { prefix: env.TEMPER_S3_PREFIX }),
  };
};
