import { hintFor } from '@rolegate/protocol';
import { createLogLimiter } from '@rolegate/runtime';
import type { Clock, CountScope, Log } from '@rolegate/runtime';
import type { Session } from '../session/session.ts';
import type { StsFault } from './sts/errors.ts';
import type { StsHealth } from './sts/health.ts';
import type { Issued } from './sts/sts.ts';

/** Logs an audit line for each issued session, and a line for each new failure. */
export interface SessionLog {
  issued(session: Session, issued: Issued, nodes: readonly string[]): void;
  failed(failed: FailedCall): void;
}

export interface FailedCall {
  readonly session: Session;
  readonly namespace: string;
  readonly fault: StsFault;
  /** Of the session's previous call. */
  readonly before: StsFault | undefined;
}

/** The most nodes that an audit line names. Only `--session-scope role` shares a session between more. */
const MOST_NODES_NAMED = 20;

/** The most lines of one Namespace and reason in this time. Milliseconds. */
const WINDOW_MS = 60_000;
const LINES = 5;
/** While STS is unavailable all sessions fail: one line each for this many Namespaces is enough. */
const MOST_NAMESPACES_AWAY = 50;

export function createSessionLog({
  log,
  clock,
  health,
}: {
  readonly log: Log;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly health: StsHealth;
}): SessionLog {
  const limiter = {
    clock,
    windowMs: WINDOW_MS,
    ended: (leftOut: number, { namespace, fault: { reason } }: FailedCall, of: CountScope) => {
      const about = { key: { namespace, reason }, group: { namespace }, all: { reason } }[of];
      log.info('session failure lines suppressed', { ...about, leftOut });
    },
  };
  const isRefusalWritten = createLogLimiter<FailedCall>({ ...limiter, lines: LINES });
  const isOutageWritten = createLogLimiter<FailedCall>({
    ...limiter,
    lines: 1,
    mostGroups: MOST_NAMESPACES_AWAY,
  });

  return {
    issued({ roleArn, sessionName }, { accessKeyId, expiresAtMs }, nodes) {
      health.accepted('calls');
      log.info('session issued', {
        audit: true,
        role: roleArn,
        sessionName,
        accessKeyId,
        expiration: new Date(expiresAtMs).toISOString(),
        nodes: nodes.slice(0, MOST_NODES_NAMED),
        nodeCount: nodes.length,
      });
    },
    failed(failed) {
      const { session, namespace, fault, before } = failed;
      const { roleArn, sessionName } = session;
      const isServersFault = fault.retry === 'later';
      // An unavailable STS says nothing about the server's own credentials.
      if (isServersFault) health.rejected('calls', fault);
      const fields = {
        role: roleArn,
        sessionName,
        namespace,
        reason: fault.reason,
        error: fault.message,
        hint: hintFor(fault.reason),
      };
      // A failure of all sessions is logged once, by health; so is a repeated failure.
      const isNew = !isServersFault && before?.reason !== fault.reason;
      const isWritten = fault.retry === 'seldom' ? isRefusalWritten : isOutageWritten;
      log[isNew && isWritten(namespace, fault.reason, failed) ? 'warn' : 'debug'](
        'cannot issue session',
        fields,
      );
    },
  };
}
