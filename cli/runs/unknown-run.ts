import type { Client } from '@temporalio/client';
import leven from 'leven';
import { CliError } from '../../infra/errors.js';

const LOOKED_AT = 1000;
const NAMED = 3;

/** "There is no run X", with the runs that were probably meant. */
export async function unknownRun(client: Client, run: string): Promise<CliError> {
  const known = new Set<string>();
  for await (const { workflowId } of client.workflow.list({ query: 'WorkflowType = "fineTune"' })) {
    known.add(workflowId);
    if (known.size === LOOKED_AT) break;
  }
  return new CliError(unknownRunMessage(run, [...known]));
}

export function unknownRunMessage(run: string, known: readonly string[]): string {
  if (known.length === 0) return `There is no run ${run}: no run was started here yet.`;
  const near = nearestRuns(run, known);
  if (near.length === 0) return `There is no run ${run}: \`temper list\` shows those there are.`;
  return `There is no run ${run}. Did you mean ${near.join(' or ')}?`;
}

/** Those that begin alike, and those that differ in few letters; nearest first. */
export function nearestRuns(run: string, known: readonly string[]): string[] {
  const tolerated = Math.max(2, Math.round(run.length * 0.3));
  return known
    .map((id) => ({ id, distance: id.startsWith(run) ? 0 : leven(run, id) }))
    .filter(({ distance }) => distance <= tolerated)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NAMED)
    .map(({ id }) => id);
}
