import type { Output } from '../output/output.ts';
import { asJson } from './as-json.ts';
import { withFields } from './entry.ts';
import { createFold } from './fold.ts';
import { createRenderer } from './render.ts';
import type { Group } from './reorder.ts';

/** Milliseconds. */
const STORM_WINDOW_MS = 10_000;
const MOST_STORMS = 1_000;
/** Written at once, so that a slow reader stops the reading of logs. Characters. */
const BATCH = 64 * 1024;

/** Prints lines, folded and in words, or all of them as JSON. Calls print one after another. */
export interface Printer {
  print(groups: readonly Group[]): Promise<void>;
  /** Prints the counts of storms that ended before this time, by the clocks of the nodes. */
  printStorms(untilMs: number): Promise<void>;
  /** Number of lines, including folded ones. */
  readonly lines: number;
}

export interface PrinterOptions {
  readonly output: Output;
  readonly format: 'text' | 'json';
  /** Whether to print lines of one request. */
  readonly shows: (group: Group) => boolean;
}

export function createPrinter({ output, format, shows }: PrinterOptions): Printer {
  const fold = createFold({ windowMs: STORM_WINDOW_MS, mostKinds: MOST_STORMS });
  const render = createRenderer(output.colors);
  let printing = Promise.resolve();
  let lines = 0;

  function textOf(group: Group): string {
    if (format === 'json') return group.map(asJson).join('');
    return fold.add(group.map(withFields)).map(render).join('');
  }

  async function write(groups: readonly Group[]): Promise<void> {
    let text = '';
    for (const group of groups) {
      text += textOf(group);
      if (text.length < BATCH) continue;
      await output.print(text);
      text = '';
    }
    await output.print(text);
  }

  return {
    print(groups) {
      const shown = groups.filter(shows);
      for (const group of shown) lines += group.length;
      if (shown.length > 0) printing = printing.then(() => write(shown));
      return printing;
    },
    printStorms(untilMs) {
      if (format === 'text')
        printing = printing.then(() => output.print(fold.until(untilMs).map(render).join('')));
      return printing;
    },
    get lines() {
      return lines;
    },
  };
}
