import type { HeldSessionRead } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { ForeignNodes } from '../identity/foreign-nodes.ts';
import type { PodIndex } from '../kubernetes/objects/pod-index.ts';
import type { ConnectedAgents } from './connected-agents.ts';
import type { Nodes } from './nodes/nodes.ts';
import type { AnswerLabel, Report } from './reports/reception.ts';

/** An agent may have said something before it knew that a session is gone: reports may be this late. Milliseconds. */
const GRACE_MS = 60_000;

export interface AgentReportsDeps {
  readonly nodes: Pick<Nodes, 'used' | 'needs' | 'foreignTo' | 'unchangedForMs'>;
  readonly pods: Pick<PodIndex, 'get'>;
  readonly foreignNodes: ForeignNodes;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { answers(reason: AnswerLabel, count: number): void };
  /** For the status of the server; undefined: nobody asks for it. */
  readonly agents?: Pick<ConnectedAgents, 'reported'> | undefined;
}

/** From whom a report came. */
export interface Reporter {
  readonly node: string;
  readonly peer: string;
}

export interface AgentReports {
  /** What the agent says to hold when it opens a stream: what is another node's is audited, and ignored. */
  first(reporter: Reporter, report: Pick<Report, 'heldSessions'>): void;
  /** Notes what a report says; throws a Refusal, audited, if it is of another node's Pods. */
  note(reporter: Reporter & { readonly openSinceMs: number }, report: Report): void;
}

/** Takes what agents report, each for its own node alone. Pods and sessions that nobody knows are ignored: they may just be gone. */
export function createAgentReports(deps: AgentReportsDeps): AgentReports {
  const { nodes, pods, foreignNodes, clock, log, metrics } = deps;

  function checkPods({ node, peer }: Reporter, { firstDeliveries }: Report): void {
    for (const { podUid } of firstDeliveries) {
      const other = pods.get(podUid)?.nodeName ?? '';
      // A Pod never moves: what is on another node now was never on this one.
      if (other === '' || other === node) continue;
      const message = `the report is of Pod ${podUid}, which is on node ${other}`;
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
    const message = `the report says that Pods asked for session ${foreign}, which only other nodes need`;
    throw foreignNodes.refuse(message, { peer, node });
  }

  function logDeliveries(node: string, { firstDeliveries }: Report): void {
    for (const { podUid, sessionId, heldMs } of firstDeliveries) {
      const own = pods.get(podUid)?.nodeName === node && nodes.needs(node, sessionId);
      if (own) log.debug('first delivery', { node, uid: podUid, session: sessionId, durationMs: heldMs });
    }
  }

  /** If Pods left while the agent was away, it is right. If nothing has changed since they were issued, it is not. */
  function isSurelyForeign(node: string, held: readonly HeldSessionRead[]): boolean {
    const unchangedMs = nodes.unchangedForMs(node);
    return held.some(({ lifetimeMs, remainingMs }) => lifetimeMs - remainingMs < unchangedMs - GRACE_MS);
  }

  return {
    first({ node, peer }, { heldSessions }) {
      const ids = heldSessions.map(({ sessionId }) => sessionId);
      const foreign = new Set(nodes.foreignTo(node, ids));
      const held = heldSessions.filter(({ sessionId }) => foreign.has(sessionId));
      if (held.length === 0) return;
      const message = `the agent says that it holds ${held.length} sessions which only other nodes need; they are ignored`;
      if (isSurelyForeign(node, held)) foreignNodes.refuse(message, { peer, node });
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
