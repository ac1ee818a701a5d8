import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { partPaths } from '../../infra/parts.mjs';
import { repositoryRoot } from '../../infra/parts/root.mjs';
import { interleave, type Measured } from '../interleave.js';
import { engineProcessEnvironment } from '../machine.js';
import { peersPython } from '../peers/environment.mjs';
import { Subject } from '../subject.js';
import { exampleFile, writeGlosses } from './rows.js';

/** Turns of 30 steps that make an epoch: 7,560 rows, 32 a step. */
const TURNS = 8;
export const PADDED = 'torch eager fp32, padded to 32';
export const BY_BATCH = 'torch eager fp32, padded by batch';

/** An epoch of the demo's job, in turns of 30 steps with PyTorch's on the same rows. */
export async function epochInTurns(say: (sentence: string) => void): Promise<readonly Measured[]> {
  const { minilm, wordnet } = partPaths();
  const folder = await mkdtemp(join(tmpdir(), 'temper-bench-'));
  try {
    const jobFile = await writeGlosses();
    const script = fileURLToPath(new URL('./steps.js', import.meta.url));
    const peer = join(repositoryRoot(), 'bench', 'peers', 'torch_glosses_steps.py');
    const torch = [peer, minilm, dirname(wordnet), '--rows', exampleFile('rows.csv'), '--serve'];
    return await interleave(
      [
        {
          rows: [{ peer: 'temper', work: 'glosses' }],
          start: () => new Subject(process.execPath, [script, jobFile, folder], engineProcessEnvironment()),
        },
        {
          rows: [PADDED, BY_BATCH].map((name) => ({ peer: name, work: 'glosses' })),
          start: () => new Subject(peersPython(), torch, process.env),
        },
      ],
      TURNS,
      say,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
