/** How figures are written for people. Temporal's JSON turns NaN into null: a metric may be null whatever its type says. */

const NONE = '–';

export function duration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours} h ${two(minutes % 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const two = (value: number): string => String(value).padStart(2, '0');

export function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  const power = Math.min(4, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][power]}`;
}

/** A loss, or an error in the label's own unit, with digits enough to see it move: `0.6102`, `61.17`, `315.1`, `4,204`. */
export function loss(value: number | null | undefined): string {
  if (!isFigure(value)) return NONE;
  const magnitude = Math.abs(value);
  const digits = magnitude < 10 ? 4 : magnitude < 100 ? 2 : magnitude < 1_000 ? 1 : 0;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** An accuracy or an F1. */
export const percent = (value: number | null | undefined): string =>
  isFigure(value) ? `${(value * 100).toFixed(1)} %` : NONE;

/** A learning rate: `5.00e-5`. */
export const rate = (value: number | null | undefined): string => (isFigure(value) ? value.toExponential(2) : NONE);

export const count = (value: number | null | undefined): string =>
  isFigure(value) ? Math.round(value).toLocaleString('en-US') : NONE;

/** `1 step`, `2 steps`. */
export const counted = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `2026-03-01 14:05:09`, in the reader's time zone. */
export function moment(date: Date): string {
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const isFigure = (value: number | null | undefined): value is number =>
  typeof value === 'number' && !Number.isNaN(value);
