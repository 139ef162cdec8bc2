import type { GivenText } from './table.ts';
import { parseSwitch } from './table.ts';

/** How a flag of kiam, kube2iam or a later version is treated. */
export interface LegacyFlag {
  /** The programs that have it. */
  readonly of: readonly string[];
  /** accepted: it means the same as an own flag. ignored: with a warning. refused: with a hint. */
  readonly verdict: 'accepted' | 'ignored' | 'refused';
  /** What it does here, why it is ignored, or what to use instead. One sentence without a full stop. */
  readonly why: string;
  /** True for a flag without a value. */
  readonly isSwitch?: boolean;
  /** accepted: the own flag that it sets. Undefined if it sets nothing. */
  readonly as?: string;
  /** accepted: translates its value. */
  readonly translate?: (text: string) => string;
  /** Values that change nothing, which are accepted without a warning. A switch that is off is one, unless `off` is given. */
  readonly harmless?: readonly string[];
  /** The hint for a switch that cannot be switched off. */
  readonly off?: string;
}

export type LegacyFlags = Readonly<Record<string, LegacyFlag>>;

export type LegacyOutcome =
  | { readonly kind: 'set'; readonly name: string; readonly given: GivenText }
  | { readonly kind: 'warning' | 'fault'; readonly message: string }
  /** Treated as given, but sets nothing. */
  | { readonly kind: 'noted' }
  | { readonly kind: 'nothing' };

/** The entry without its verdict, or only the reason. */
type Verdict = Omit<LegacyFlag, 'of' | 'verdict'> | string;

/** A flag that means the same as an own flag. */
export function accepted(of: readonly string[], verdict: Verdict): LegacyFlag {
  return { of, verdict: 'accepted', ...explained(verdict) };
}

/** A flag that changes nothing and is ignored with a warning. */
export function ignored(of: readonly string[], verdict: Verdict): LegacyFlag {
  return { of, verdict: 'ignored', ...explained(verdict) };
}

/** A flag that stops the program. An empty value is accepted, because charts render unset values that way. */
export function refused(of: readonly string[], verdict: Verdict): LegacyFlag {
  const { harmless = [], ...rest } = explained(verdict);
  return { of, verdict: 'refused', ...rest, harmless: ['', ...harmless] };
}

/** Decides what a legacy flag does. Messages never contain its value, which can be a secret. */
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
