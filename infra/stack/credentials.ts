import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { CliError, exitCode } from '../errors.js';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The format of the AWS tools: `AWS_SHARED_CREDENTIALS_FILE=<this file> aws --endpoint-url … s3 ls` works. */
const formatCredentials = ({ accessKeyId, secretAccessKey }: S3Credentials): string =>
  `[default]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;

const parseCredentials = (text: string): S3Credentials | null => {
  const accessKeyId = /^aws_access_key_id\s*=\s*(\S+)$/m.exec(text)?.[1];
  const secretAccessKey = /^aws_secret_access_key\s*=\s*(\S+)$/m.exec(text)?.[1];
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : null;
};

export const readCredentials = async (path: string): Promise<S3Credentials> => {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new CliError(
      `There is no ${path}, which \`temper up\` wrote and by which its stack knows you. End that \`temper up\` (Ctrl-C, or SIGTERM to its process), and the next one writes it anew.`,
      exitCode.unreachable,
    );
  });
  const found = parseCredentials(text);
  if (found) return found;
  throw new CliError(
    `${path} does not hold aws_access_key_id and aws_secret_access_key. Delete it, and \`temper up\` writes a new one.`,
  );
};

/** Generated once per folder; later starts use the same. */
export const ensureCredentials = async (path: string): Promise<S3Credentials> => {
  const fresh: S3Credentials = {
    accessKeyId: `TEMPER${randomBytes(7).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64url'),
  };
  try {
    await writeFile(path, formatCredentials(fresh), { mode: 0o600, flag: 'wx' });
    return fresh;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readCredentials(path);
  }
};
