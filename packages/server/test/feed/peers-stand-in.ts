import { Refusal } from '@rolegate/protocol';
import type { Log } from '@rolegate/runtime';
import { createAgentPods } from '../../src/identity/agent-pods.ts';
import { createCallers } from '../../src/identity/peers.ts';
import type { AgentCall, Caller } from '../../src/identity/peers.ts';
import { createForeignNodes } from '../../src/identity/foreign-nodes.ts';
import type { createClusterStandIn } from './cluster-stand-in.ts';

export interface CallersStandInOptions extends Pick<
  ReturnType<typeof createClusterStandIn>,
  'pods' | 'clock'
> {
  readonly log: Log;
  readonly foreignNode?: () => void;
  /** Who a call is of, where its certificate names a node; by the auth context of fakeCall unless told. */
  readonly callerOf?: (call: AgentCall) => Caller | undefined;
}

/** Real callers and audit; the proof is in the test's hands, and calls share no connection. */
export function createCallersStandIn(options: CallersStandInOptions) {
  const { pods, clock, log, foreignNode = () => undefined, callerOf = byAuthContext } = options;
  const foreignNodes = createForeignNodes({ clock, log, metrics: { foreignNode } });
  const callers = createCallers({
    source: {
      prove: (call) => () => {
        const caller = callerOf(call);
        if (caller !== undefined) return caller;
        throw new Refusal('ForeignNode', 'the client certificate names no node');
      },
    },
    agentPods: createAgentPods({ pods, nodes: { onChange: () => () => undefined }, clock }),
    connections: { nodeOf: () => undefined, bind: () => undefined },
    foreignNodes,
  });
  return { callers, foreignNodes, attest: undefined };
}

function byAuthContext(call: AgentCall): Caller | undefined {
  const { node } = call.getAuthContext() as { node?: string };
  return node === undefined ? undefined : { node };
}
