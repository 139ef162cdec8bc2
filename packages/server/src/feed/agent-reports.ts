import type { AgentReportRead } from '@rolegate/protocol';
import type { Clock, Log } from '@rolegate/runtime';
import type { ForeignNodes } from '../identity/foreign-nodes.ts';
import type { PodIndex } from '../kubernetes/pod-index.ts';
import type { ConnectedAgents } from './connected-agents.ts';
import type { Nodes } from './nodes.ts';

/** What an agent said before it knew that a session is gone may come in for so long. Milliseconds. */
const GRACE_MS = 60_000;

export interface AgentReportsDeps {
  readonly nodes: Pick<Nodes, 'used' | 'foreignTo' | 'unchangedForMs'>;
  readonly pods: Pick<PodIndex, 'get'>;
  readonly foreignNodes: ForeignNodes;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: { answers(reason: string, count: number): void };
  /** For who looks at the server; undefined: nobody does. */
  readonly agents?: Pick<ConnectedAgents, 'reported'> | undefined;
}

/** From whom a report came. */
export interface Reporter {
  readonly node: string;
  readonly peer: string;
}

export interface AgentReports {
  /** What the agent says to hold when it opens a stream: what is another node's is told, and then passed over. */
  first(reporter: Reporter, report: AgentReportRead): void;
  /** Notes what a report says; throws a Refusal, audited, where it is of another node's Pods. */
  note(reporter: Reporter & { readonly openSinceMs: number }, report: AgentReportRead): void;
}

/** Takes what agents report, each for its own node alone. */
export function createAgentReports(deps: AgentReportsDeps): AgentReports {
  const { nodes, pods, foreignNodes, clock, log, metrics } = deps;

  function checkPods({ node, peer }: Reporter, { firstDeliveries }: AgentReportRead): void {
    for (const { podUid } of firstDeliveries) {
      const other = pods.get(podUid)?.nodeName ?? '';
      // A Pod never moves: what is on another node now was never on this one.
      if (other !== '' && other !== node)
        throw foreignNodes.refuse(`the report is of Pod ${podUid}, which is on node ${other}`, {
          peer,
          node,
        });
    }
  }

  function checkUsed(
    { node, peer, openSinceMs }: Reporter & { openSinceMs: number },
    used: readonly string[],
  ) {
    const quietMs = Math.min(clock.monotonic() - openSinceMs, nodes.unchangedForMs(node));
    if (quietMs <= GRACE_MS) return;
    const [foreign] = nodes.foreignTo(node, used);
    if (foreign !== undefined)
      throw foreignNodes.refuse(
        `the report says that Pods asked for session ${foreign}, which only other nodes need`,
        {
          peer,
          node,
        },
      );
  }

  return {
    first({ node, peer }, { heldSessions }) {
      const foreign = new Set(
        nodes.foreignTo(
          node,
          heldSessions.map(({ sessionId }) => sessionId),
        ),
      );
      const held = heldSessions.filter(({ sessionId }) => foreign.has(sessionId));
      if (held.length === 0) return;
      const message = `the agent says that it holds ${held.length} sessions which only other nodes need; they are passed over`;
      // Where Pods went while the agent was away it is right. Where nothing has changed since they were issued, it is not.
      const unchangedMs = nodes.unchangedForMs(node);
      const sure = held.some(
        ({ lifetimeMs, remainingMs }) => lifetimeMs - remainingMs < unchangedMs - GRACE_MS,
      );
      if (sure) foreignNodes.refuse(message, { peer, node });
      else foreignNodes.remark(message, { peer, node });
    },
    note(reporter, report) {
      const { node } = reporter;
      checkPods(reporter, report);
      checkUsed(reporter, report.usedSessionIds);
      deps.agents?.reported(node, report);
      nodes.used(node, report.usedSessionIds);
      for (const [reason, count] of Object.entries(report.answersByReason)) metrics.answers(reason, count);
      for (const { podUid, sessionId, heldMs } of report.firstDeliveries) {
        log.debug('first delivery', { node, uid: podUid, session: sessionId, durationMs: heldMs });
      }
    },
  };
}
