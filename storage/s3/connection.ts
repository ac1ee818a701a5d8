import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { classify } from './classify.js';

export interface StoreSettings {
  /** Absent: AWS itself, by region. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly bucket: string;
  /** true for stores without bucket host names: versitygw, MinIO. */
  readonly forcePathStyle: boolean;
  /** Absent: the SDK's own chain (environment, profile, instance role). */
  readonly credentials?:
    | { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string | undefined }
    | undefined;
  /** WHEN_REQUIRED for stores that refuse checksum headers (R2, GCS). The payload's SHA-256 is signed either way. */
  readonly requestChecksumCalculation?: 'WHEN_SUPPORTED' | 'WHEN_REQUIRED' | undefined;
  /** Put before every key, to share a bucket: `team-a`. */
  readonly prefix?: string | undefined;
  readonly timeouts?: Partial<StoreTimeouts> | undefined;
}

export interface StoreTimeouts {
  readonly connectMs: number;
  /** Silence on the connection in mid-request, either way, after which it counts as dead. */
  readonly idleMs: number;
  /**
   * From the start of a request to its first answer, sending a 64 MiB body over a slow wire included: what gets on is left alone. A request
   * that sends less has less (a minute and its bytes): its answer may come a byte at a time, and the connection is never silent.
   */
  readonly requestMs: number;
}

const defaultTimeouts: StoreTimeouts = { connectMs: 5_000, idleMs: 30_000, requestMs: 30 * 60_000 };

/** What the store may take to answer a request that it has. */
const ANSWER_MS = 60_000;
const SLOWEST_BYTES_PER_MS = 32;

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

/** The client and the words for where it talks to; every call's failure leaves as a StoreError. */
export interface Connection {
  readonly client: S3Client;
  readonly bucket: string;
  readonly sendsChecksums: boolean;
  fullKey(key: string): string;
  ownKey(fullKey: string): string;
  where(key?: string): string;
  /** How a request of so many bytes (left out: of none) is sent: when it is given up, and by whom. */
  http(signal: AbortSignal | undefined, bytes?: number): { abortSignal?: AbortSignal; requestTimeout: number };
  call<T>(
    key: string | undefined,
    options: CallOptions | undefined,
    action: (signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T>;
}

export function connect(settings: StoreSettings): Connection {
  const endpoint = settings.endpoint === undefined ? null : parseEndpoint(settings.endpoint);
  const timeouts = { ...defaultTimeouts, ...settings.timeouts };
  const config: S3ClientConfig = {
    region: settings.region,
    forcePathStyle: settings.forcePathStyle,
    maxAttempts: 3,
    requestChecksumCalculation: settings.requestChecksumCalculation ?? 'WHEN_SUPPORTED',
    // Everything read is checked against a SHA-256 of ours; a CRC in JavaScript would block the event loop for less.
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: timeouts.connectMs,
      socketTimeout: timeouts.idleMs,
      requestTimeout: timeouts.requestMs,
      throwOnRequestTimeout: true,
    },
    ...(endpoint && { endpoint: endpoint.href }),
    ...(settings.credentials && {
      credentials: {
        accessKeyId: settings.credentials.accessKeyId,
        secretAccessKey: settings.credentials.secretAccessKey,
        ...(settings.credentials.sessionToken !== undefined && { sessionToken: settings.credentials.sessionToken }),
      },
    }),
  };
  const prefix = settings.prefix ? settings.prefix.replace(/\/*$/, '/') : '';
  const host = endpoint ? endpoint.origin : `S3 (${settings.region})`;
  const where = (key?: string) =>
    `${key === undefined ? '' : `${prefix}${key} in `}bucket ${settings.bucket} at ${host}`;
  return {
    client: new S3Client(config),
    bucket: settings.bucket,
    sendsChecksums: (settings.requestChecksumCalculation ?? 'WHEN_SUPPORTED') === 'WHEN_SUPPORTED',
    fullKey: (key) => prefix + key,
    ownKey: (fullKey) => fullKey.slice(prefix.length),
    where,
    http: (signal, bytes = 0) => ({
      ...(signal && { abortSignal: signal }),
      requestTimeout: Math.min(timeouts.requestMs, ANSWER_MS + bytes / SLOWEST_BYTES_PER_MS),
    }),
    async call(key, options, action) {
      try {
        options?.signal?.throwIfAborted();
        return await action(options?.signal);
      } catch (error) {
        throw classify(error, where(key), options?.signal?.aborted ?? false);
      }
    },
  };
}

function parseEndpoint(endpoint: string): URL {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new Error(`the S3 endpoint must be a URL like http://127.0.0.1:9000, without a name or password in it`);
  return url;
}
