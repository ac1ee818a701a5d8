import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { FineTuneResult } from '../../workflows/contract.js';
import { eventsOf, markersIn } from '../support/history.js';
import { eventually } from '../support/poll.js';
import { upgradedBundle } from '../support/upgraded-bundle.js';
import { WorkflowWorld, digestAt, startWorkflowServer } from '../support/workflow-world.js';

const deploymentName = 'temper';

let env: TestWorkflowEnvironment;
beforeAll(async () => void (env = await startWorkflowServer()), 120_000);
afterAll(() => env.teardown());

/** What an operator does with `temporal worker deployment set-current-version`. */
const makeCurrent = (buildId: string) =>
  eventually(`version ${buildId} is current`, async () => {
    const { namespace = 'default' } = env;
    await env.client.workflowService.setWorkerDeploymentCurrentVersion({ namespace, deploymentName, buildId });
    return true;
  });

/** Versions that have done tasks of the run, in order. */
const versionsOf = async ({ workflowId }: WorkflowHandle): Promise<string[]> => {
  const done = (await eventsOf(env.client, workflowId)).flatMap(
    ({ workflowTaskCompletedEventAttributes: completed }) => completed?.deploymentVersion?.buildId ?? [],
  );
  return done.filter((version, i) => version !== done[i - 1]);
};

// First: once a version is current, the queue is that version's.
it('without versions, an old worker and a new one do the tasks of one run side by side', async () => {
  const here = await new WorkflowWorld(env).start();
  onTestFinished(() => here.stop());
  await here.startControl();
  const result = await here.toTheEnd('side-by-side', { train: { epochs: 2 }, checkpoint: { everySteps: 5 } });
  expect(result).toMatchObject({ outcome: 'completed', final: { step: 20, stateDigest: digestAt(20) } });
}, 180_000);

it('a run goes over to a version with other code in its middle, while workers of both are there, and the old one is drained', async () => {
  let release = (): void => undefined;
  const upgraded = new Promise<void>((resolve) => (release = resolve));
  const here = new WorkflowWorld(env).on('trainEpoch', ({ n }) => (n === 2 ? upgraded : undefined));
  onTestFinished(() => here.stop());
  await here.start({ version: { deploymentName, buildId: '0.2.0' } });
  await makeCurrent('0.2.0');
  const handle = await here.begin('upgraded', { train: { epochs: 2 }, checkpoint: { everySteps: 5 } });
  await eventually('the second segment trains', () => here.called('trainEpoch').length === 2);

  await here.startControl({ version: { deploymentName, buildId: '0.3.0' }, code: await upgradedBundle('second') });
  await makeCurrent('0.3.0');
  release();
  await eventually('the new version has the run', async () => (await versionsOf(handle)).includes('0.3.0'));
  await here.stopControl(); // the older one: nothing waits for it any more
  const result = (await handle.result()) as FineTuneResult;
  expect(result).toMatchObject({ outcome: 'completed', final: { step: 20, stateDigest: digestAt(20) } });
  expect(await versionsOf(handle)).toEqual(['0.2.0', '0.3.0']);
  const patches = markersIn(await eventsOf(env.client, handle.workflowId));
  expect(patches).toMatch(/second/); // that it slept where the old code does not
  expect(here.called('trainEpoch')).toEqual([0, 5, 10, 15].map((step) => `trainEpoch ${step}-${step + 5}`));
}, 180_000);
