import type { Metrics } from '../../workflows/contract.js';
import type { ListedCheckpoint } from '../../storage/checkpoint/list.js';
import { renderTable } from './table.js';
import { mainFigure } from './metrics.js';
import { loss, moment, size } from './units.js';

/** `temper checkpoints list`. */
export function renderCheckpoints(run: string, checkpoints: readonly ListedCheckpoint[]): string[] {
  if (checkpoints.length === 0) return [`${run} has no checkpoint.`];
  const state = <T>(read: (entry: Extract<ListedCheckpoint, { kind: 'living' | 'retired' }>) => T) => {
    return (entry: ListedCheckpoint): T | null =>
      entry.kind === 'living' || entry.kind === 'retired' ? read(entry) : null;
  };
  const text = (read: (entry: ListedCheckpoint) => string | null) => (entry: ListedCheckpoint) => read(entry) ?? '';
  const table = renderTable<ListedCheckpoint>(
    [
      { title: 'NUMBER', right: true, value: ({ sequence }) => String(sequence) },
      { title: 'STEP', right: true, value: text(state(({ step }) => String(step))) },
      {
        title: 'EPOCH',
        right: true,
        value: text(state(({ epoch, cursor }) => `${epoch}${cursor > 0 ? ` + ${cursor}` : ''}`)),
      },
      { title: 'SIZE', right: true, value: text(state(({ bytes }) => size(bytes))) },
      { title: 'STATE', value: describeKind },
      { title: 'LOSS', right: true, value: text(state(({ metrics }) => (metrics ? loss(metrics.loss) : null))) },
      {
        title: 'METRIC',
        right: true,
        value: text(state(({ metrics }) => (metrics ? figureOf(metrics) : null))),
      },
      { title: 'WRITTEN', value: ({ committedAt }) => (committedAt ? moment(committedAt) : '') },
      { title: 'NEEDED BY', value: text(state(({ pins }) => pins.join(', '))) },
    ],
    checkpoints,
  );
  return [...table, ...checkpoints.flatMap(reasonLine)];
}

function figureOf(metrics: Metrics): string {
  const { title, text } = mainFigure(metrics);
  return `${title} ${text}`;
}

function describeKind(entry: ListedCheckpoint): string {
  switch (entry.kind) {
    case 'living':
      return 'durable';
    case 'retired':
      return 'retired';
    case 'quarantined':
      return 'quarantined';
    case 'damaged':
      return 'DAMAGED';
    default:
      return entry satisfies never;
  }
}

/** Too long for a table: keys and digests. */
const reasonLine = (entry: ListedCheckpoint): string[] =>
  'reason' in entry ? [`checkpoint ${entry.sequence}: ${entry.reason}`] : [];
