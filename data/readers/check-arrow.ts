/** Whether the buffers of a record batch hold what its description says: Apache's reader takes offsets as they are. */
import type { Data } from 'apache-arrow';
import { DataType, type Vector } from 'apache-arrow';

/** @throws RangeError with the first thing that does not fit. */
export function checkData(data: Data, path: string): void {
  const { type, length, nullCount, nullBitmap, valueOffsets, values, children } = data;
  const wrong = (what: string): RangeError => new RangeError(`column ${path}: ${what}`);
  if (!Number.isSafeInteger(length) || length < 0) throw wrong('a length that is none');
  if (nullCount > 0 && nullBitmap.length * 8 < length) throw wrong('a bitmap that is too short');
  if (DataType.isNull(type)) return;
  if (DataType.isUnion(type)) throw wrong('unions are not read: write the column as a text');
  if (DataType.isDictionary(type)) {
    const words = (data.dictionary as Vector | undefined)?.length ?? 0;
    const indices = values as ArrayLike<number | bigint>;
    if (indices.length < length) throw wrong('too few values');
    for (let i = 0; i < length; i++) {
      if (data.getValid(i) && !(Number(indices[i]) >= 0 && Number(indices[i]) < words))
        throw wrong(`entry ${String(indices[i])} of a dictionary of ${words}`);
    }
    data.dictionary?.data.forEach((chunk: Data) => checkData(chunk, path));
    return;
  }
  if (DataType.isStruct(type)) {
    if (children.length !== type.children.length) throw wrong('too few columns');
    for (const [index, child] of children.entries()) {
      if (child.length < length) throw wrong('columns of unlike lengths');
      checkData(child, `${path}.${type.children[index]!.name}`);
    }
    return;
  }
  if (DataType.isFixedSizeList(type)) {
    if ((children[0]?.length ?? 0) < length * type.listSize) throw wrong('too few values');
    checkData(children[0]!, path);
    return;
  }
  if (DataType.isList(type) || DataType.isMap(type) || DataType.isLargeList(type)) {
    checkOffsets(valueOffsets as ArrayLike<number | bigint>, length, children[0]?.length ?? 0, wrong);
    checkData(children[0]!, path);
    return;
  }
  if (DataType.isUtf8(type) || DataType.isBinary(type) || DataType.isLargeUtf8(type) || DataType.isLargeBinary(type)) {
    checkOffsets(valueOffsets as ArrayLike<number | bigint>, length, (values as Uint8Array).byteLength, wrong);
    return;
  }
  if (DataType.isUtf8View(type) || DataType.isBinaryView(type))
    throw wrong('views are not read: write plain texts (large_string or string)');
  if (DataType.isBool(type)) {
    if ((values as Uint8Array).byteLength * 8 < length) throw wrong('too few values');
    return;
  }
  if ((values as ArrayLike<unknown>).length < length * Math.max(1, data.stride)) throw wrong('too few values');
}

function checkOffsets(
  offsets: ArrayLike<number | bigint>,
  length: number,
  end: number,
  wrong: (what: string) => RangeError,
): void {
  if (length === 0) return;
  if (offsets.length < length + 1) throw wrong('too few offsets');
  let before = Number(offsets[0]);
  if (before < 0) throw wrong('an offset below zero');
  for (let i = 1; i <= length; i++) {
    const offset = Number(offsets[i]);
    if (offset < before) throw wrong(`offset ${offset} after ${before}`);
    before = offset;
  }
  if (before > end) throw wrong(`offset ${before} beyond the end of ${end}`);
}
