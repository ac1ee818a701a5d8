import { dirname, join } from 'node:path';
import { partPaths } from '../../infra/parts.mjs';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { startS3Server } from '../../test/support/s3-server.js';
import { exampleFile } from '../glosses/rows.js';
import { peersPython } from '../peers/environment.mjs';
import { Subject } from '../subject.js';

export const TRAINER_REQUIREMENTS = 'requirements-checkpoints.txt';

export interface Trainer {
  /** Seconds of all steps, with no checkpoint, with some on the disk, or with some on the disk and on S3. */
  readonly seconds: (checkpoints: 'none' | 'to disk' | 'to S3') => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** The demo's job in the Hugging Face Trainer, with an S3 server of its own that is like the embedded one. */
export async function startTrainer(steps: number, everySteps: number): Promise<Trainer> {
  const python = peersPython(process.env, TRAINER_REQUIREMENTS);
  const server = await startS3Server();
  const { endpoint, bucket, region, credentials } = server.settings;
  const { minilm, wordnet } = partPaths();
  const sizes = ['--steps', String(steps), '--every', String(everySteps), '--s3', `${endpoint}/${bucket}`];
  const script = join(repositoryRoot(), 'bench', 'peers', 'trainer_checkpoints.py');
  const args = [script, minilm, dirname(wordnet), '--rows', exampleFile('rows.csv'), ...sizes, '--serve'];
  const subject = new Subject(python, args, {
    ...process.env,
    AWS_ACCESS_KEY_ID: credentials?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
    AWS_DEFAULT_REGION: region,
  });
  return {
    seconds: async (checkpoints) =>
      (await subject.ask({ peer: `trainer, ${checkpoints}`, work: `${steps} steps` }))[0]! / 1000,
    stop: () => {
      subject.close();
      return server.stop();
    },
  };
}
