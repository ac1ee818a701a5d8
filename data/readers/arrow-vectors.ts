import { MessageHeader } from 'apache-arrow';

const [MESSAGE_HEADER, MESSAGE_METADATA] = [2, 4];
const [SCHEMA_FIELDS, SCHEMA_METADATA] = [1, 2];
const [FIELD_CHILDREN, FIELD_METADATA] = [5, 6];
const [BATCH_NODES, BATCH_BUFFERS, BATCH_VARIADIC] = [1, 2, 4];
const DICTIONARY_DATA = 1;
const MAX_DEPTH = 64;

/**
 * Checks the description of an Arrow message before it is decoded: the vectors in it cannot be longer than it has bytes for, and a
 * damaged length would be looped over. The tables are walked as flatbuffers lays them out: a table begins with the distance
 * back to its list of fields' places.
 * @throws RangeError for one that does not fit.
 */
export function checkVectors(metadata: Uint8Array, type: MessageHeader): void {
  const bytes = new DataView(metadata.buffer, metadata.byteOffset, metadata.byteLength);
  const field = (table: number, index: number): number => {
    const places = table - bytes.getInt32(table, true);
    const place = 4 + 2 * index < bytes.getUint16(places, true) ? bytes.getUint16(places + 4 + 2 * index, true) : 0;
    return place === 0 ? 0 : table + place;
  };
  const follow = (at: number): number => at + bytes.getUint32(at, true);
  const vector = (table: number, index: number, entryBytes: number): { at: number; length: number } => {
    const place = field(table, index);
    if (place === 0) return { at: 0, length: 0 };
    const at = follow(place) + 4;
    const length = bytes.getUint32(at - 4, true);
    if (at + length * entryBytes > metadata.length) throw new RangeError('a vector out of range');
    return { at, length };
  };

  const root = follow(0);
  vector(root, MESSAGE_METADATA, 4);
  const header = follow(field(root, MESSAGE_HEADER));
  if (type === MessageHeader.Schema) {
    let fields = 0;
    const checkFields = (table: number, index: number, depth: number): void => {
      const { at, length } = vector(table, index, 4);
      fields += length;
      if (depth > MAX_DEPTH || fields > metadata.length) throw new RangeError('fields too deep, or too many');
      for (let i = 0; i < length; i++) {
        const one = follow(at + 4 * i);
        checkFields(one, FIELD_CHILDREN, depth + 1);
        vector(one, FIELD_METADATA, 4);
      }
    };
    checkFields(header, SCHEMA_FIELDS, 0);
    vector(header, SCHEMA_METADATA, 4);
    return;
  }
  const batch = type === MessageHeader.DictionaryBatch ? follow(field(header, DICTIONARY_DATA)) : header;
  vector(batch, BATCH_NODES, 16);
  vector(batch, BATCH_BUFFERS, 16);
  vector(batch, BATCH_VARIADIC, 8);
}
