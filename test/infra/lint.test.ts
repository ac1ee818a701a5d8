import { execFile } from 'node:child_process';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../../infra/parts/root.mjs';

/** Its exit code and all that it says. */
const lint = () =>
  new Promise<{ code: unknown; said: string }>((resolve) => {
    execFile('npm', ['run', '--silent', 'lint'], { cwd: repositoryRoot() }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, said: stdout + stderr }),
    );
  });

test('nothing imports against the arrows of the design, and all is formatted: npm run lint', async () => {
  const { code, said } = await lint();
  expect(code, said).toBe(0);
}, 600_000);
