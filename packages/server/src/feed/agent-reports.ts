import type { HeldSessionRead } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { ForeignNodes } from '../identity/foreign-nodes.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { ConnectedAgents } from './connected-agents.ts';
import type { Nodes } from './nodes/nodes.ts';
import type { AnswerLabel, Report } from './reports/reception.ts';

/** A report may be this late: the agent may have sent it before it learned that a session was removed. Milliseconds. */
const GRACE_MS = 60_000;

export interface AgentReportsDeps {
  readonly nodes: Pick<Nodes, 'used' | 'needs' | 'foreignTo' | 'unchangedForMs'>;
  readonly pods: Pick<PodIndex, 'get'>;
  readonly foreignNodes: ForeignNodes;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { answers(reason: AnswerLabel, count: number): void };
  /** For the status of the server. */
  readonly agents?: Pick<ConnectedAgents, 'reported'> | undefined;
}

/** The sender of a report. */
export interface Reporter {
  readonly node: string;
  readonly peer: string;
}

export interface AgentReports {
  /** Checks the cached sessions in a stream's first report: those of other nodes are audited and ignored. */
  first(reporter: Reporter, report: Pick<Report, 'heldSessions'>): void;
  /** Processes a report; throws an audited Refusal if it is about another node's Pods. */
  note(reporter: Reporter & { readonly openSinceMs: number }, report: Report): void;
}

/** Processes agents' reports, each for its own node only. Unknown Pods and sessions are ignored: they may have just been removed. */
export function createAgentReports(deps: AgentReportsDeps): AgentReports {
  const { nodes, pods, foreignNodes, clock, log, metrics } = deps;

  function checkPods({ node, peer }: Reporter, { firstDeliveries }: Report): void {
    for (const { podUid } of firstDeliveries) {
      const other = pods.get(podUid)?.nodeName ?? '';
      // A Pod never moves, so it was never on this node.
      if (other === '' || other === node) continue;
      const message = `the report is about Pod ${podUid}, which is on node ${other}`;
      throw foreignNodes.refuse(message, { peer, node });
    }
  }

  function checkUsed(
    { node, peer, openSinceMs }: Reporter & { openSinceMs: number },
    used: readonly string[],
  ) {
    const quietMs = Math.min(clock.monotonic() - openSinceMs, nodes.unchangedForMs(node));
    if (quietMs <= GRACE_MS) return;
    const [foreign] = nodes.foreignTo(node, used);
    if (foreign === undefined) return;
    const message = `the report says that Pods used session ${foreign}, which only other nodes need`;
    throw foreignNodes.refuse(message, { peer, node });
  }

  function logDeliveries(node: string, { firstDeliveries }: Report): void {
    for (const { podUid, sessionId, heldMs } of firstDeliveries) {
      const own = pods.get(podUid)?.nodeName === node && nodes.needs(node, sessionId);
      if (own)
        log.debug('agent reported first credentials delivered', {
          node,
          uid: podUid,
          session: sessionId,
          durationMs: heldMs,
        });
    }
  }

  /** The report is honest if Pods left while the agent was disconnected, but not if nothing changed since the issue. */
  function isSurelyForeign(node: string, cached: readonly HeldSessionRead[]): boolean {
    const unchangedMs = nodes.unchangedForMs(node);
    return cached.some(({ lifetimeMs, remainingMs }) => lifetimeMs - remainingMs < unchangedMs - GRACE_MS);
  }

  return {
    first({ node, peer }, { heldSessions }) {
      const ids = heldSessions.map(({ sessionId }) => sessionId);
      const foreign = new Set(nodes.foreignTo(node, ids));
      const cached = heldSessions.filter(({ sessionId }) => foreign.has(sessionId));
      if (cached.length === 0) return;
      const message = `the agent reports ${cached.length} cached sessions that only other nodes need; they are ignored`;
      if (isSurelyForeign(node, cached)) foreignNodes.refuse(message, { peer, node });
      else foreignNodes.remark(message, { peer, node });
    },
    note(reporter, report) {
      const { node } = reporter;
      checkPods(reporter, report);
      checkUsed(reporter, report.usedSessionIds);
      deps.agents?.reported(node, report);
      nodes.used(node, report.usedSessionIds);
      for (const [reason, count] of report.answers) metrics.answers(reason, count);
      logDeliveries(node, report);
    },
  };
}
