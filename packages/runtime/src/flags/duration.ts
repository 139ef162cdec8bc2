import type { ValueKind } from './kinds.ts';
import { fault, quoted } from './kinds.ts';

/** Milliseconds per unit, named as in Go's time.ParseDuration. Both micro signs are accepted. */
const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d{1,12}(?:\.\d{1,9})?)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
/** Longer texts are invalid. Characters. */
const LONGEST = 64;

export interface DurationLimits {
  readonly minMs?: number;
  readonly maxMs?: number;
}

/** A duration in Go's notation (`1h30m`, `15m`, `850ms`, `0`), in milliseconds. */
export function duration({ minMs = 0, maxMs = Infinity }: DurationLimits = {}): ValueKind<number> {
  return {
    placeholder: 'DURATION',
    parse(text) {
      const ms = parseDurationMs(text);
      if (ms === undefined)
        return fault(`${quoted(text)} is not a duration; write it as 15m, 1h30m or 850ms`);
      if (ms < minMs) return fault(`${quoted(text)} is too short; use ${formatDuration(minMs)} or more`);
      if (ms > maxMs) return fault(`${quoted(text)} is too long; use ${formatDuration(maxMs)} or less`);
      return { value: ms };
    },
  };
}

/** Returns undefined if the text is not a duration. Only 0 needs no unit. */
export function parseDurationMs(text: string): number | undefined {
  if (text === '0') return 0;
  if (text === '' || text.length > LONGEST) return undefined;
  let ms = 0;
  let at = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const [whole = '', count = '', unit = ''] = PART.exec(text) ?? [];
    if (whole === '') return undefined;
    ms += Number(count) * (UNIT_MS[unit] ?? NaN);
    at += whole.length;
  }
  return ms;
}

/** Formats a duration, for example as `1h30m` or `850ms`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s';
  let restMs = ms;
  let text = '';
  for (const unit of ['h', 'm', 's', 'ms']) {
    const unitMs = UNIT_MS[unit] ?? 1;
    const count = unit === 'ms' ? restMs : Math.floor(restMs / unitMs);
    if (count > 0) text += `${count}${unit}`;
    restMs -= count * unitMs;
  }
  return text;
}
