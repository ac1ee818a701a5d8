/** A row of a source. `number` counts data rows from 1; `line` is the line of the file on which the row begins. */
export interface Row {
  readonly number: number;
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
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
