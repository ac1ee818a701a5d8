import { connect } from 'node:net';
import { CliError } from '../errors.js';
import { resolveConnection, type TemperConnection } from '../connection.js';
import type { ServiceReport } from '../doctor.js';

const TIMEOUT_MS = 3_000;
const ANSWER_WITHIN_MS = 5_000;

/** Requests that only a service that works can answer; they throw what it says. A process that hangs still accepts connections. */
export interface Asks {
  readonly temporal: () => Promise<void>;
  readonly store: (signal: AbortSignal) => Promise<void>;
}

/** Where a URL or a `host:port` leads. */
export const hostAndPort = (address: string): { host: string; port: number } => {
  const url = new URL(address.includes('://') ? address : `tcp://${address}`);
  const usual = url.protocol === 'http:' ? 80 : url.protocol === 'https:' ? 443 : 7233;
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? usual : Number(url.port) };
};

/** Whether something accepts a connection there: the reason why not, or undefined. */
export const connectionProblem = (address: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ ...hostAndPort(address), timeout: TIMEOUT_MS });
    const end = (problem: string | undefined): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => end(undefined));
    socket.once('timeout', () => end(`nothing answered within ${TIMEOUT_MS / 1000} s`));
    socket.once('error', (error: NodeJS.ErrnoException) =>
      end(error.code === 'ECONNREFUSED' ? 'nothing listens there' : error.message),
    );
  });

/** Whether a request is answered: what it was answered instead, or undefined. */
export const answerProblem = async (
  ask: (signal: AbortSignal) => Promise<void>,
  withinMs = ANSWER_WITHIN_MS,
): Promise<string | undefined> => {
  const signal = AbortSignal.timeout(withinMs);
  const silent = `it takes connections, and answered nothing within ${withinMs / 1000} s`;
  const silence = new Promise<string>((resolve) => signal.addEventListener('abort', () => resolve(silent)));
  const answer = ask(signal).then(
    () => undefined,
    (error: unknown) => {
      if (signal.aborted) return silent;
      return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
    },
  );
  return Promise.race([answer, silence]);
};

interface Asked {
  readonly name: string;
  readonly address: string;
  readonly source: string;
  readonly ask: (signal: AbortSignal) => Promise<void>;
  /** What to do where nothing listens, and where what listens does not answer. */
  readonly remedies: { readonly absent: string; readonly silent: string };
}

const report = async ({ ask, remedies, ...service }: Asked): Promise<ServiceReport> => {
  const absent = await connectionProblem(service.address);
  if (absent !== undefined) return { ...service, reachable: false, problem: absent, remedy: remedies.absent };
  const silent = await answerProblem(ask);
  if (silent !== undefined) return { ...service, reachable: false, problem: silent, remedy: remedies.silent };
  return { ...service, reachable: true };
};

const fromWhere = {
  environment: 'the environment',
  profile: 'your Temporal profile',
  embedded: 'the stack of this folder',
};

/** Which Temporal and which S3 the commands would use here, and whether they answer. */
export const examineServices = async (asks: Asks): Promise<readonly ServiceReport[]> => {
  let connection: TemperConnection;
  try {
    connection = await resolveConnection(process.env, process.cwd());
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const neither = { address: null, source: '', reachable: false, problem: error.message.replace(/\.$/, '') };
    return [{ name: 'Temporal and S3', ...neither }];
  }
  const { source, temporal, store, storeSource } = connection;
  const aws = `https://s3.${store.region}.amazonaws.com`;
  const remedies = (origin: string, own: string): Asked['remedies'] =>
    origin === 'embedded'
      ? { absent: 'Run `temper up`.', silent: 'Run `temper down`, then `temper up`: runs go on.' }
      : { absent: `Start it, or correct ${own}.`, silent: `See how it is, or correct ${own}.` };
  return Promise.all([
    report({
      name: 'Temporal',
      address: temporal.address,
      source: fromWhere[source],
      ask: asks.temporal,
      remedies: remedies(source, 'TEMPORAL_ADDRESS or the profile'),
    }),
    report({
      name: 'S3',
      address: store.endpoint ?? aws,
      source: fromWhere[storeSource],
      ask: asks.store,
      remedies: remedies(storeSource, 'TEMPER_S3_ENDPOINT, TEMPER_S3_BUCKET and the credentials'),
    }),
  ]);
};
