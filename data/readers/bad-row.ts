import { DataError } from '../data-error.js';

/** A row that cannot be read, while those around it can. */
export interface BadRow {
  /** `glosses.csv:17` */
  readonly place: string;
  /** What was expected, what was found, what to do. */
  readonly why: string;
  /** The row as it stands in the file, or as much of it as may be kept. */
  readonly raw: string;
}

/** Bytes of csv, tsv, jsonl, json, text and arrow files; row groups of parquet files. */
export interface ReadPart {
  readonly from: number;
  /** Not part of it. */
  readonly to: number;
  /** The line on which it begins, from 1; where the file has no lines, the number of its first row. */
  readonly firstLine: number;
}

export interface ReadOptions {
  /** Told of rows that cannot be read, which are then passed over; without it the first of them is an error. */
  readonly onBadRow?: ((bad: BadRow) => void) | undefined;
  /** Only this part of the file. */
  readonly part?: ReadPart | undefined;
  /** Of Parquet: cells of bytes are wanted as bytes, and may be large. Without it they are texts, as old writers left them. */
  readonly bytes?: boolean | undefined;
}

/** A row that fills a screen says enough. */
export const MAX_RAW_CHARACTERS = 64 * 2 ** 10;

/** @throws DataError when nobody wants to know. */
export function tellBadRow({ onBadRow }: ReadOptions, { place, why, raw }: BadRow): void {
  if (!onBadRow) throw new DataError(`${place}: ${why}`);
  onBadRow({ place, why, raw: raw.slice(0, MAX_RAW_CHARACTERS) });
}

export const NOT_UTF8 = 'expected UTF-8, found other bytes (Latin-1 or Windows-1252?): save the file as UTF-8';
