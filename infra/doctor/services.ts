import { connect } from 'node:net';
import { CliError } from '../errors.js';
import { resolveConnection, type TemperConnection } from '../connection.js';
import type { ServiceReport } from '../doctor.js';

const TIMEOUT_MS = 3_000;

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

const report = async (name: string, address: string, source: string, remedy: string): Promise<ServiceReport> => {
  const problem = await connectionProblem(address);
  const service = { name, address, source };
  return problem === undefined ? { ...service, reachable: true } : { ...service, reachable: false, problem, remedy };
};

const fromWhere = {
  environment: 'the environment',
  profile: 'your Temporal profile',
  embedded: 'the stack of this folder',
};

/** Which Temporal and which S3 the commands would use here, and whether they can be reached. */
export const examineServices = async (): Promise<readonly ServiceReport[]> => {
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
  const check = (origin: string, own: string): string =>
    origin === 'embedded' ? 'Run `temper up`.' : `Start it, or correct ${own}.`;
  return Promise.all([
    report('Temporal', temporal.address, fromWhere[source], check(source, 'TEMPORAL_ADDRESS or the profile')),
    report('S3', store.endpoint ?? aws, fromWhere[storeSource], check(storeSource, 'TEMPER_S3_ENDPOINT')),
  ]);
};
