import type { RunEnd } from '../runs/ending.js';
import type { Look } from '../runs/look.js';
import { renderEnd } from './ended.js';
import { JsonReporter } from './json-lines.js';
import { LineReporter } from './lines.js';
import { renderScreen } from './screen.js';

/** Where a followed run is shown. */
export interface View {
  readonly drawEveryMs: number;
  /** Until the next look. One costs server and command some 10 ms, in which a run on the same cores would train. */
  patienceMs(look: Look): number;
  show(look: Look): void;
  /** Leaves the last picture as it is. May be called again. */
  close(): void;
  end(end: RunEnd): void;
}

export function chooseView(run: string, { json, terminal }: { json: boolean; terminal: boolean }): View {
  if (json) return jsonView();
  return terminal ? screenView(run) : lineView(run);
}

/** Two looks for each line of training. The end is heard of at once (patienceUntilEnd). */
const patienceOfLog = ({ status }: Look): number => (status?.stage === 'trainEpoch' ? 5_000 : 2_000);

const print = (line: string): void => void process.stdout.write(`${line}\n`);

function lineView(run: string): View {
  const reporter = new LineReporter();
  return {
    drawEveryMs: 1_000,
    patienceMs: patienceOfLog,
    show: (look) => reporter.lines(look, Date.now()).forEach(print),
    close: () => undefined,
    end: (end) => renderEnd(run, end).forEach(print),
  };
}

function jsonView(): View {
  const reporter = new JsonReporter();
  return {
    drawEveryMs: 1_000,
    patienceMs: patienceOfLog,
    show: (look) => {
      const event = reporter.event(look, Date.now());
      if (event) print(JSON.stringify(event));
    },
    close: () => undefined,
    end: ({ state, message, result }) =>
      print(JSON.stringify({ event: 'end', state, message, result: result ?? null })),
  };
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const CLEAR_BELOW = '\u001b[J';

function screenView(run: string): View {
  let drawn = 0;
  let open = false;
  return {
    drawEveryMs: 500,
    patienceMs: () => 1_000,
    show: (look) => {
      const columns = process.stdout.columns || 80; // 0 where the size is not known
      const rows = process.stdout.rows || 24;
      const lines = renderScreen(look, Date.now(), columns)
        .slice(0, rows - 1)
        .map((line) => cut(line, columns - 1));
      const back = drawn > 0 ? `\u001b[${drawn}A` : '';
      process.stdout.write(`${open ? '' : HIDE_CURSOR}${back}\r${CLEAR_BELOW}${lines.join('\n')}\n`);
      drawn = lines.length;
      open = true;
    },
    close: () => {
      if (open) process.stdout.write(SHOW_CURSOR);
      open = false;
      drawn = 0;
    },
    end: (end) => renderEnd(run, end).forEach(print),
  };
}

/** The first `width` visible characters: a line that wraps would spoil the redrawing. Colours are left whole. */
export function cut(line: string, width: number): string {
  let visible = 0;
  let out = '';
  // eslint-disable-next-line no-control-regex
  for (const part of line.split(/(\u001b\[\d+m)/)) {
    if (part.startsWith('\u001b')) out += part;
    else {
      out += part.slice(0, width - visible);
      visible += Math.min(part.length, width - visible);
    }
  }
  return out;
}
