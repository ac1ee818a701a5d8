/** A row of a source. `number` counts the rows that could be read from 1; `line` is the line of the file on which the row begins. */
export interface Row {
  readonly number: number;
  /** Where the file has no lines (Parquet, Arrow, JSON): the row's number in it. */
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
  /** For messages, where `name:line` does not say it: `reviews.parquet, row 17`. */
  readonly place?: string;
  /** Only of packed images. */
  readonly image?: PackedImage;
}

/** An image file as it was packed. */
export interface PackedImage {
  readonly bytes: Uint8Array;
  /** Why there are no bytes: the file was missing or too large; null: they are there. */
  readonly fault: string | null;
  /** Where the image came from, for messages: `photos/cats/1.jpg`, or `photos.csv:17 (cats/1.jpg)`. */
  readonly place: string;
}

/** `glosses.csv:17` */
export const placeOf = (sourceName: string, line: number): string => `${sourceName}:${line}`;

/** `reviews.parquet, row 17`, of files without lines. */
export const placeOfRow = (sourceName: string, row: number): string => `${sourceName}, row ${row}`;
