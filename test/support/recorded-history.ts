import { createRequire } from 'node:module';
import type { HistoryEvent } from './history.js';

/**
 * A history as the Temporal command line writes it, as the SDK's own message. `historyFromJSON` of the SDK fails where npm gave
 * its packages copies of protobufjs of their own ("type must be a Type"): here the one copy that made the types reads them.
 */
interface Reflection {
  readonly lookupType: (name: string) => object;
}
export interface RecordedHistory {
  readonly events: readonly HistoryEvent[];
}
interface ProtoJson {
  readonly fromJson: (
    type: object,
    value: unknown,
    options: { ignoreUnknownFields: boolean },
  ) => RecordedHistory | null;
}

const fromClient = createRequire(createRequire(import.meta.url).resolve('@temporalio/client'));
const fromProto = createRequire(fromClient.resolve('@temporalio/proto'));

export function readHistory(json: string): RecordedHistory {
  const { fromJson } = fromProto('protobufjs/ext/protojson') as ProtoJson;
  const { patchProtobufRoot } = fromProto('@temporalio/proto/lib/patch-protobuf-root') as {
    patchProtobufRoot: (root: unknown) => Reflection;
  };
  const type = patchProtobufRoot(fromProto('@temporalio/proto')).lookupType('temporal.api.history.v1.History');
  const history = fromJson(type, JSON.parse(json), { ignoreUnknownFields: true });
  if (history === null) throw new TypeError('expected a history, found null');
  return history;
}
