import { createStorms } from '@rolegate/runtime';
import type { Clock, Log } from '@rolegate/runtime';
import type { Session } from '../session.ts';
import type { Issued } from './issued-credentials.ts';
import type { OwnCondition } from './own-condition.ts';
import type { StsFault } from './sts-errors.ts';

/** Says what happens to sessions: an audit line for each issue, a line for each change of what fails. */
export interface SessionLog {
  issued(session: Session, issued: Issued, nodes: readonly string[]): void;
  failed(session: Session, fault: StsFault, before: StsFault | undefined): void;
}

/** More nodes than this share a session only by `--session-scope role`: the audit line names so many and their number. */
const MOST_NODES_NAMED = 20;

/** When STS is away all sessions fail, for one reason: so many lines in this time. Milliseconds. */
const LINES = 5;
const WINDOW_MS = 60_000;

export function createSessionLog({
  log,
  clock,
  condition,
}: {
  readonly log: Log;
  readonly clock: Pick<Clock, 'monotonic' | 'schedule'>;
  readonly condition: OwnCondition;
}): SessionLog {
  const isWritten = createStorms<StsFault>({
    ...{ clock, lines: LINES, windowMs: WINDOW_MS },
    ended: (leftOut, last) => {
      log.info('failures of sessions left out of the log', { ...(last && { reason: last.reason }), leftOut });
    },
  });
  return {
    issued({ roleArn, sessionName }, { accessKeyId, expiresAtMs }, nodes) {
      condition.good('calls');
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
    failed({ roleArn, sessionName }, fault, before) {
      const ofServer = fault.retry === 'later';
      // STS being away says nothing of the server's own credentials.
      if (ofServer) condition.failed('calls', fault);
      const fields = { role: roleArn, sessionName, reason: fault.reason, error: fault.message };
      // What concerns every session is said once, and so is what goes on failing.
      const isNews = !ofServer && before?.reason !== fault.reason;
      log[isNews && isWritten(fault.reason, fault) ? 'warn' : 'debug']('session not issued', fields);
    },
  };
}
