// Makes pixel-kernels-wasm.ts of pixel-kernels.as.ts:  node data/kernels/build.mjs
// AssemblyScript brings 100 MB, for two kilobytes that change once a year: npx fetches it for whoever changes them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const COMPILER = 'assemblyscript@0.28.20';
const here = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'temper-kernels-'));
try {
  const out = join(folder, 'kernels.wasm');
  const options = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '-o', out];
  execFileSync('npx', ['--yes', '--package', COMPILER, 'asc', here('pixel-kernels.as.ts'), ...options], {
    stdio: 'inherit',
  });
  const text = readFileSync(out).toString('base64');
  writeFileSync(
    here('pixel-kernels-wasm.ts'),
    `/** Made by build.mjs of pixel-kernels.as.ts: WebAssembly, in base64. */\nexport const PIXEL_KERNELS =\n  '${text}';\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
