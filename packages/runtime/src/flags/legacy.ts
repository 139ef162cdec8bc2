import type { GivenText } from './table.ts';
import { parseSwitch } from './table.ts';

/** What becomes of a flag that another program has, or that this one has only later. */
export interface LegacyFlag {
  /** The programs that have it. */
  readonly of: readonly string[];
  /** accepted: it means what ours means. ignored: with a warning. refused: with a hint. */
  readonly verdict: 'accepted' | 'ignored' | 'refused';
  /** One sentence without a full stop: what it does here, why it is ignored, or what to use instead. */
  readonly why: string;
  /** True for a flag without a value. */
  readonly isSwitch?: boolean;
  /** accepted: the flag of ours that it sets. Without it there is nothing to set. */
  readonly as?: string;
  /** accepted: our text for theirs. */
  readonly translate?: (text: string) => string;
  /** Values that ask for nothing that is not so here: taken without a word. A switch that is off is one, unless `off`. */
  readonly harmless?: readonly string[];
  /** A switch that may not be switched off: the hint. */
  readonly off?: string;
}

export type LegacyFlags = Readonly<Record<string, LegacyFlag>>;

export type LegacyOutcome =
  | { readonly kind: 'set'; readonly name: string; readonly given: GivenText }
  | { readonly kind: 'warning' | 'fault'; readonly message: string }
  /** It counts as given, but sets nothing. */
  | { readonly kind: 'noted' }
  | { readonly kind: 'nothing' };

/** The whole entry but its verdict, or just the reason. */
type Verdict = Omit<LegacyFlag, 'of' | 'verdict'> | string;

/** A row for a flag that means what ours means. */
export function accepted(of: readonly string[], verdict: Verdict): LegacyFlag {
  return { of, verdict: 'accepted', ...explained(verdict) };
}

/** A row for a flag that changes nothing here, which a warning says. */
export function ignored(of: readonly string[], verdict: Verdict): LegacyFlag {
  return { of, verdict: 'ignored', ...explained(verdict) };
}

/** A row for a flag that stops the program. An empty value asks for nothing: charts render what is not set so. */
export function refused(of: readonly string[], verdict: Verdict): LegacyFlag {
  const { harmless = [], ...rest } = explained(verdict);
  return { of, verdict: 'refused', ...rest, harmless: ['', ...harmless] };
}

/** What one given legacy flag amounts to. Its value is in no message: it may be a secret. */
export function judgeLegacy(flag: LegacyFlag, { text: given, by }: GivenText): LegacyOutcome {
  const { verdict, why, isSwitch = false, as, translate = same, harmless = [], off } = flag;
  const read = isSwitch ? parseSwitch(given) : { value: given };
  if ('fault' in read) return { kind: 'fault', message: `${by}: ${read.fault}` };
  if (read.value === false && off !== undefined)
    return { kind: 'fault', message: `${by} is refused: ${off}` };
  if (read.value === false && as === undefined) return { kind: 'nothing' };
  const text = String(read.value);
  if (harmless.includes(text)) return { kind: 'nothing' };
  if (verdict === 'refused') return { kind: 'fault', message: `${by} is refused: ${why}` };
  if (verdict === 'ignored') return { kind: 'warning', message: `${by} is ignored: ${why}` };
  return as === undefined
    ? { kind: 'noted' }
    : { kind: 'set', name: as, given: { text: translate(text), by } };
}

function explained(verdict: Verdict): Omit<LegacyFlag, 'of' | 'verdict'> {
  return typeof verdict === 'string' ? { why: verdict } : verdict;
}

function same(text: string): string {
  return text;
}
