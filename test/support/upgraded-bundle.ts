import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

/** The workflows as a later version has them (upgraded-workflow.ts). */
export const upgradedBundle = (version: 'second' | 'third') =>
  bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../dist/workflows/index.js', import.meta.url)),
    workflowInterceptorModules: [
      fileURLToPath(new URL(`../../dist/test/support/${version}-version.js`, import.meta.url)),
    ],
    logger: new DefaultLogger('ERROR'),
  });
