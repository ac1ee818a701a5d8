import pc from 'picocolors';
import type { Look } from '../runs/look.js';
import { count, size } from './units.js';

/** What the run is made of: `temper status` says it beside what `watch` shows. */
export function renderSetup({ workflow, status }: Look): string[] {
  const lines: string[] = [];
  const label = (name: string, text: string) => lines.push(`  ${pc.dim(name.padEnd(11))}${text}`);
  if (workflow) label('job', `${workflow.job ?? '?'} on ${workflow.model ?? '?'}`);
  const dataset = status?.dataset;
  if (dataset) {
    const { train, validation, test } = dataset.rows;
    const classes = dataset.classes > 0 ? `, ${dataset.classes} classes` : '';
    label(
      'data',
      `${count(train)} + ${count(validation)} + ${count(test)} examples (train, validation, test)${classes}`,
    );
  }
  const plan = status?.plan;
  if (plan) {
    const { trainableTensors, trainableParameters, frozenParameters } = plan;
    const all = trainableParameters + frozenParameters;
    label(
      'trains',
      `${count(trainableParameters)} of ${count(all)} parameters, in ${trainableTensors} tensors (${size(trainableParameters * 4)})`,
    );
  }
  return lines;
}
