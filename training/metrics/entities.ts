import type { Counts } from './counts.js';

/**
 * Entities of sequences of BIO or BIOES tags, as seqeval counts them by default (mode None, after conlleval): an entity that
 * begins with I- or E- still counts as one, and an entity is found if type, begin and end are right.
 */
interface Entity {
  readonly type: string;
  readonly from: number;
  /** Position of its last tag. */
  readonly to: number;
}

const TAG = /^(?:O|[BI]|[BIES]-.+)$/;

/** Whether all tags are O or begin with B-, I-, E- or S- (B and I also alone), so that they mark entities. */
export const markEntities = (tags: readonly string[]): boolean =>
  tags.every((tag) => TAG.test(tag)) && tags.some((tag) => tag !== 'O');

/** The entity type of a tag; `_` of a tag without one. */
export const typeOf = (tag: string): string => tag.slice(2) || '_';

/** `tags` of one sequence, in order of their beginning. */
export function entitiesOf(tags: readonly string[]): Entity[] {
  const entities: Entity[] = [];
  let [place, type, from] = ['O', '_', 0];
  for (let i = 0; i <= tags.length; i++) {
    const tag = tags[i] ?? 'O';
    const [nextPlace, nextType] = [tag[0]!, typeOf(tag)];
    const goesOn = (place === 'B' || place === 'I') && (nextPlace === 'I' || nextPlace === 'E') && type === nextType;
    if (place !== 'O' && !goesOn) entities.push({ type, from, to: i - 1 });
    if (nextPlace !== 'O' && !goesOn) from = i;
    [place, type] = [nextPlace, nextType];
  }
  return entities;
}

/** Entities of each type, counted one sequence at a time. */
export class EntityCounts {
  readonly #counts = new Map<string, { hits: number; predicted: number; support: number }>();

  add(truth: readonly string[], predicted: readonly string[]): void {
    const [expected, found] = [entitiesOf(truth), entitiesOf(predicted)];
    const spans = new Set(expected.map(spanOf));
    for (const { type } of expected) this.#of(type).support += 1;
    for (const entity of found) {
      const counts = this.#of(entity.type);
      counts.predicted += 1;
      if (spans.has(spanOf(entity))) counts.hits += 1;
    }
  }

  /** By type, sorted by its name. */
  get byType(): ReadonlyMap<string, Counts> {
    return new Map([...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #of(type: string) {
    let counts = this.#counts.get(type);
    if (counts === undefined) this.#counts.set(type, (counts = { hits: 0, predicted: 0, support: 0 }));
    return counts;
  }
}

const spanOf = ({ type, from, to }: Entity): string => `${from} ${to} ${type}`;
