import type { Client, WorkflowHandle } from '@temporalio/client';

type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>;
export type HistoryEvent = NonNullable<History['events']>[number];

export const eventsOf = async (client: Client, run: string): Promise<readonly HistoryEvent[]> =>
  (await client.workflow.getHandle(run).fetchHistory()).events ?? [];

/** `activityTaskScheduled`, `workflowTaskFailed` …: an event's type, by the attributes it has. */
export const typeOf = (event: HistoryEvent): string =>
  Object.entries(event)
    .find(([name, value]) => name.endsWith('EventAttributes') && value !== null)?.[0]
    .replace(/EventAttributes$/, '') ?? 'unknown';

export interface FoundPayload {
  readonly event: string;
  readonly data: Uint8Array;
}

/** Every payload of a history, wherever it sits in its event: arguments, results, details, memos, headers. */
export function payloadsOf(events: readonly HistoryEvent[]): FoundPayload[] {
  const found: FoundPayload[] = [];
  const walk = (event: string, value: unknown): void => {
    if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return;
    const { data, metadata } = value as { data?: unknown; metadata?: unknown };
    if (metadata !== undefined && data instanceof Uint8Array) found.push({ event, data });
    else for (const each of Object.values(value)) walk(event, each);
  };
  for (const event of events) walk(`${String(event.eventId)} ${typeOf(event)}`, event);
  return found;
}

/** What markers say, the ids of patches among it. */
export const markersIn = (events: readonly HistoryEvent[]): string =>
  payloadsOf(events.filter(({ markerRecordedEventAttributes: marker }) => marker))
    .map(({ data }) => Buffer.from(data).toString())
    .join();

/** Names of the activities that were scheduled, in order. */
export const scheduledActivities = (events: readonly HistoryEvent[]): string[] =>
  events.flatMap(({ activityTaskScheduledEventAttributes: scheduled }) => scheduled?.activityType?.name ?? []);

/** When an event came, in ms since 1970. */
export const millisOf = ({ eventTime }: HistoryEvent): number =>
  Number(eventTime?.seconds ?? NaN) * 1000 + Number(eventTime?.nanos ?? 0) / 1e6;
