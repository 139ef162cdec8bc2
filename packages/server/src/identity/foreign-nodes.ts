import { hintFor, Refusal } from '@rolegate/protocol';
import { createMemory } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { ServerMemory } from '../memory/memory.ts';
import { createRateLimits, hostOf, networkOf } from '../limits/rate-limits.ts';

/** The most log lines of one source. */
const LINES = { perSecond: 1, burst: 50 };
/** How long the number of omitted lines is remembered after a source's last attempt. Milliseconds. */
const LEFT_OUT_MS = 600_000;
const MOST_SOURCES = 10_000;

export interface ForeignNodesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { foreignNode(): void };
  readonly memory?: ServerMemory;
}

/** The origin of an attempt, and further log fields. */
export interface Attempt {
  readonly peer: string;
  /** The node of the identity, if it is known. */
  readonly node?: string | undefined;
  readonly [field: string]: unknown;
}

export interface ForeignNodes {
  /** Counts and audits the attempt; returns the refusal for the peer. */
  refuse(message: string, attempt: Attempt): Refusal;
  /** Audits and returns a refusal raised elsewhere; counts it if it is ForeignNode. */
  note(refusal: Refusal, attempt: Attempt): Refusal;
  /** Audits a refusal without counting it; `hint` replaces that of its reason. */
  audit(refusal: Refusal, attempt: Attempt, hint?: string): Refusal;
  /** Audits without counting: it may be honest. */
  remark(message: string, attempt: Attempt): void;
}

/** Counts and audits agents' attempts to act for other nodes, with a limit on log lines. */
export function createForeignNodes(deps: ForeignNodesDeps): ForeignNodes {
  const { clock, log, metrics, memory = createMemory({ clock }) } = deps;
  const kind = 'audit_sources';
  const mayLog = createRateLimits({ ...LINES, clock, kind, memory });
  const leftOut = memory.remember<number>(kind, { keepMs: LEFT_OUT_MS, most: MOST_SOURCES });

  function write(
    level: 'error' | 'warn',
    message: 'agent refused' | 'agent reported sessions not known to be its own',
    fields: Attempt & { reason: string; error: string; hint: string },
  ) {
    const source = fields.node ?? hostOf(fields.peer);
    if (!mayLog(source)) {
      leftOut.set(source, (leftOut.get(source) ?? 0) + 1, networkOf(source));
      return;
    }
    const missed = leftOut.get(source);
    leftOut.delete(source);
    log[level](message, { audit: true, ...fields, ...(missed !== undefined && { leftOut: missed }) });
  }

  function audit(refusal: Refusal, attempt: Attempt, hint = hintFor(refusal.reason)): Refusal {
    const { reason, message } = refusal;
    const fields = { ...attempt, reason, error: message, hint };
    write(reason === 'ForeignNode' ? 'error' : 'warn', 'agent refused', fields);
    return refusal;
  }

  function note(refusal: Refusal, attempt: Attempt): Refusal {
    if (refusal.reason === 'ForeignNode') metrics.foreignNode();
    return audit(refusal, attempt);
  }

  return {
    note,
    audit,
    refuse: (message, attempt) => note(new Refusal('ForeignNode', message), attempt),
    remark(message, attempt) {
      write('warn', 'agent reported sessions not known to be its own', {
        ...attempt,
        reason: 'ForeignNode',
        error: message,
        hint: 'Expected if Pods left the node while its agent was disconnected. If it repeats, inspect the node.',
      });
    },
  };
}
