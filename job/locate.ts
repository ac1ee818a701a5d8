import { isMap, isPair, isScalar, isSeq, type Document, type Node } from 'yaml';
import type { Path } from './explain-issue.js';

/**
 * Offset in the file of the value (or of the key) at a path. A path that the file does not hold, because a key is
 * missing, gives the place of its nearest ancestor.
 */
export function locate(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, part] of path.entries()) {
    const last = depth === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) return offset;
      const key = startOf(pair.key) ?? offset;
      offset = last && at === 'value' ? (startOf(pair.value) ?? key) : key;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node) ?? offset;
    } else return offset;
  }
  return offset;
}

const startOf = (node: unknown): number | undefined => (node as Node | null | undefined)?.range?.[0];
