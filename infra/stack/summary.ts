import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Stack } from './stack.js';

/** What `temper up` prints when the servers are ready; the line of `--json` with `"kind":"up"`. */
export const summarySchema = z.object({
  kind: z.literal('up'),
  pid: z.int(),
  folder: z.string(),
  temporal: z.object({ address: z.string(), namespace: z.string(), uiUrl: z.string() }),
  s3: z.object({ endpoint: z.string(), bucket: z.string(), region: z.string(), credentialsFile: z.string() }),
  logs: z.string(),
  /** Why the workers do not poll (yet), in words; null: they do. */
  workersProblem: z.string().nullable(),
});
export type StackSummary = z.infer<typeof summarySchema>;

const workersReadyWithinMs = 60_000;

/** Waits for the workers, but not for ever: the servers are of use without them. Null: the stack was stopped first. */
export const summarise = async ({ connection, uiUrl, workersReady, finished }: Stack): Promise<StackSummary | null> => {
  const late = new AbortController();
  const workersProblem = await Promise.race([
    workersReady.then(() => null),
    finished.then(() => 'stopped' as const),
    sleep(workersReadyWithinMs, 'they have not said within 60 s that they are ready', { signal: late.signal }),
  ]).catch((error: unknown) => (error instanceof Error ? error.message : String(error)));
  late.abort();
  if (workersProblem === 'stopped') return null;
  const { folder, address, namespace, endpoint, bucket, region } = connection;
  return {
    kind: 'up',
    pid: process.pid,
    folder: folder.root,
    temporal: { address, namespace, uiUrl },
    s3: { endpoint, bucket, region, credentialsFile: folder.credentials },
    logs: folder.logs,
    workersProblem,
  };
};

export const describeSummary = ({ pid, folder, temporal, s3, logs, workersProblem }: StackSummary): string => `
The stack is up (process ${pid})${workersProblem === null ? '' : `, but no run can go on in it: ${workersProblem}`}.
  Temporal     ${temporal.address}, namespace ${temporal.namespace}
  Temporal UI  ${temporal.uiUrl}
  S3           ${s3.endpoint}, bucket ${s3.bucket}
  S3 keys      ${s3.credentialsFile} (for aws: AWS_SHARED_CREDENTIALS_FILE)
  Logs         ${logs}
  Folder       ${folder}

Next, from another terminal in this directory:
  temper run JOB.yaml --watch   fine-tune
  temper list                   what runs here
  temper down                   stop; runs go on at the next \`temper up\`
`;
