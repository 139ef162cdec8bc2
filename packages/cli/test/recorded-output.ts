import { createColors } from '../src/output/colors.ts';
import type { Output } from '../src/output/output.ts';

export interface RecordedOutput extends Output {
  /** All that was printed. */
  readonly printed: () => string;
  readonly notes: readonly string[];
}

/** An output that remembers, as wide as a common terminal and without colors. */
export function recordedOutput(): RecordedOutput {
  let printed = '';
  const notes: string[] = [];
  return {
    isTerminal: false,
    width: 80,
    colors: createColors(false),
    closed: new AbortController().signal,
    print(text) {
      printed += text;
      return Promise.resolve();
    },
    note(line) {
      notes.push(line);
    },
    progress() {
      // A terminal's line, which is gone afterwards.
    },
    printed: () => printed,
    notes,
  };
}
