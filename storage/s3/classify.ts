import { StoreError } from '../errors.js';

interface SdkFailure {
  readonly name: string;
  readonly code: string | null;
  readonly status: number | null;
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function readFailure(error: unknown): SdkFailure {
  if (typeof error !== 'object' || error === null) return { name: 'Error', code: null, status: null };
  const status =
    '$metadata' in error && typeof error.$metadata === 'object' && error.$metadata !== null
      ? 'httpStatusCode' in error.$metadata && typeof error.$metadata.httpStatusCode === 'number'
        ? error.$metadata.httpStatusCode
        : null
      : null;
  return {
    name: ('name' in error && text(error.name)) || 'Error',
    // Node reports a refused connection to a host with several addresses as an AggregateError with a code.
    code: 'code' in error ? text(error.code) : null,
    status,
  };
}

const clock = new Set(['RequestTimeTooSkewed', 'RequestExpired']);
const wrongCredentials = new Set(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'XAdminUserNotFound']);
/** What passes without a new start once somebody has acted: a run waits for it, as for a store that is away. */
const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired']);
const full = new Set(['InsufficientStorage', 'QuotaExceeded', 'XMinioStorageFull', 'XMinioAdminBucketQuotaExceeded']);
const absent = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);
const badBytes = new Set(['BadDigest', 'XAmzContentSHA256Mismatch', 'InvalidDigest', 'IncompleteBody']);
const waitAlthough4xx = new Set([
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'Throttling',
  'TooManyRequests',
]);
const certificate = /^(CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_TLS_|HOSTNAME_MISMATCH)/;

/**
 * Names what the SDK threw. `where` says endpoint, bucket and key. The SDK's own message is left out:
 * servers echo parts of the signed request in it.
 * Errors of our own making (TypeError and the like) are given back as they are.
 */
export function classify(error: unknown, where: string, aborted: boolean): unknown {
  if (error instanceof StoreError) return error;
  const { name, code, status } = readFailure(error);
  if (aborted || name === 'AbortError') return new StoreError('aborted', `the request to ${where} was cancelled`);
  if (status === null && (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError))
    return error;

  const word = code ?? name;
  const fail = (kind: StoreError['kind'], sentence: string) => new StoreError(kind, sentence, word);
  if (name === 'CredentialsProviderError' || name === 'TokenProviderError')
    return fail(
      'unreachable', // a login that has run out, a metadata service that is away: they come back without a new start
      `no credentials were found for ${where}: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile, or log in again`,
    );
  if (name === 'NoSuchBucket')
    return fail('denied', `${where}: the bucket does not exist; create it or correct its name`);
  if (clock.has(name))
    return fail(
      'denied',
      `${where} refuses the request because this machine's clock is wrong (${name}): set the clock`,
    );
  if (expired.has(name))
    return fail('unreachable', `${where} says that the credentials have expired (${name}): renew them`);
  if (full.has(name)) return fail('unreachable', `${where} has no room left (${name}): make room, or raise the quota`);
  if (wrongCredentials.has(name))
    return fail(
      'denied',
      `${where} does not accept the credentials (${name}): check access key, secret key and session token`,
    );
  if (badBytes.has(name))
    return fail('corrupt', `${where}: the bytes that arrived do not have the digest they were sent with (${name})`);
  if (name === 'PreconditionFailed' || status === 412 || status === 304)
    return fail('precondition', `${where} is not as the request assumed (412): read it back`);
  if (status === 409) return fail('conflict', `${where} was being changed by another request (${name}): try again`);
  // Not every 404 is about the object: versitygw says 404 to an access key that it does not know.
  if (absent.has(name)) return fail('missing', `${where} does not exist`);
  if (waitAlthough4xx.has(name) || status === 429 || (status !== null && status >= 500))
    return fail(
      'unreachable',
      `${where} answered ${status ?? name} (${name}): the store is overloaded or failing, try again later`,
    );
  if (status === 403 || status === 401)
    return fail(
      'denied',
      `${where} was refused (${status} ${name}): check the credentials and their rights on the bucket`,
    );
  if (status !== null && status >= 300 && status < 500)
    return fail('denied', `${where} refused the request (${status} ${name}): check endpoint, region and bucket`);
  if (code !== null && certificate.test(code))
    return fail(
      'denied',
      `${where} has a TLS certificate that is not trusted here (${code}): correct the endpoint or trust its authority`,
    );
  return fail(
    'unreachable',
    `${where} cannot be reached (${word}): check that the store runs and that the endpoint is right`,
  );
}
