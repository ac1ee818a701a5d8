// versitygw, the embedded S3 server, built from its source by Go.
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './errors.mjs';
import { executableProblem } from './part.mjs';
import { runTool } from './tool.mjs';

const MODULE = 'github.com/versity/versitygw';
const VERSION = '1.8.0';
const SUM = 'h1:au+wI+aybno/STsQiSm35Uu6Q6iK5MWReQxgO6SEMFc=';

/** @type {import('./part.mjs').Part} */
export const versitygw = {
  name: 'versitygw',
  version: VERSION,
  folder: `versitygw-${VERSION}-${process.platform}-${process.arch}-${Buffer.from(SUM.slice(3), 'base64').toString('hex').slice(0, 12)}`,
  payload: 'versitygw',
  needs: ['go'],
  ownEnv: 'TEMPER_VERSITYGW',
  ownProblem: executableProblem,
  make: async ({ part, scratch }) => {
    const fetched = await runTool('go', ['mod', 'download', '-json', `${MODULE}@v${VERSION}`], {
      cwd: scratch,
      env: { GOFLAGS: '-mod=mod', GOWORK: 'off' },
      failure: `Go could not fetch ${MODULE} ${VERSION}: check the network and GOPROXY, or set TEMPER_VERSITYGW to a versitygw of your own.`,
    });
    const { Sum: sum, Dir: source } = /** @type {{ Sum: string, Dir: string }} */ (JSON.parse(fetched));
    if (sum !== SUM)
      throw new SetupError(
        `Go fetched another ${MODULE} ${VERSION} than the pinned one: expected ${SUM}, found ${sum}.`,
      );
    // Built in the module's own folder, not by `go install`: then its go.sum, which SUM covers, pins every dependency.
    const args = ['build', '-trimpath', '-buildvcs=false', '-ldflags', `-s -w -X main.Version=v${VERSION}`];
    await runTool('go', [...args, '-o', join(part, 'versitygw'), './cmd/versitygw'], {
      cwd: source,
      env: { GOFLAGS: '-mod=readonly', GOWORK: 'off', CGO_ENABLED: '0', TMPDIR: scratch },
      failure: `Go could not build ${MODULE} ${VERSION}: see the log below, or set TEMPER_VERSITYGW to a versitygw of your own.`,
    });
    chmodSync(join(part, 'versitygw'), 0o755);
  },
};
