/** A row of a source. `number` counts data rows from 1; `line` is the line of the file on which the row begins. */
export interface Row {
  readonly number: number;
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** `glosses.csv:17` */
export const placeOf = (sourceName: string, line: number): string => `${sourceName}:${line}`;
