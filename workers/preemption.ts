/**
 * A cloud's notice that it takes the machine away, minutes or seconds before: a file that appears, or a URL that answers. It
 * begins what SIGTERM begins (docs/operations.md).
 */
import { access } from 'node:fs/promises';

export interface PreemptionSettings {
  /** A file whose existence is the notice. */
  readonly file: string | null;
  /** A URL whose answer with a status of 200 and a body that matches is the notice. */
  readonly url: string | null;
  /** `Name: value`, sent along. */
  readonly header: string | null;
  readonly match: RegExp;
}

const POLL_MS = 1_000;
const ANSWER_WITHIN_MS = 2_000;

/** Calls `onNotice` once, with what was noticed. What cannot be asked is asked again: no notice, no end. Gives what ends it. */
export function watchForPreemption(settings: PreemptionSettings, onNotice: (what: string) => void, everyMs = POLL_MS) {
  if (settings.file === null && settings.url === null) return () => undefined;
  let over = false;
  const look = async (): Promise<void> => {
    const what = await noticed(settings);
    if (over) return;
    if (what === null) timer = setTimeout(() => void look(), everyMs).unref();
    else {
      over = true;
      onNotice(what);
    }
  };
  let timer = setTimeout(() => void look(), 0).unref();
  return () => {
    over = true;
    clearTimeout(timer);
  };
}

async function noticed({ file, url, header, match }: PreemptionSettings): Promise<string | null> {
  if (file !== null && (await exists(file))) return `${file} is there`;
  if (url !== null && (await answers(url, header, match))) return `${url} says so`;
  return null;
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

async function answers(url: string, header: string | null, match: RegExp): Promise<boolean> {
  const [name, value] = header?.split(/:\s*(.*)/s) ?? [];
  try {
    const response = await fetch(url, {
      ...(name !== undefined && value !== undefined && { headers: { [name]: value } }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const body = await response.text();
    return response.status === 200 && match.test(body);
  } catch {
    return false; // a metadata service that is busy or away gives no notice
  }
}
