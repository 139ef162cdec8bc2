import { agentFaults } from '../../chaos/matrix/agent-faults.ts';
import type { Fault } from '../../chaos/matrix/fault.ts';
import { serverSideFaults } from '../../chaos/matrix/server-faults.ts';
import { serviceFaults } from '../../chaos/matrix/service-faults.ts';
import { certificatesRenewed } from './certificates.ts';
import type { SoakFault } from './soak-fault.ts';

/** Longer than a peer that hangs is noticed. Milliseconds. */
const LONGEST_MS = 16_000;
/** Calls a second, fewer than new Pods cause. */
const FEW_CALLS = 0.5;

/** Starts and crashes of servers and agents end processes. */
const isRestart = ({ component, mode }: Fault): boolean =>
  component.includes('server') && component !== 'API server'
    ? mode === 'kill' || mode === 'refuse'
    : component === 'agent' && mode === 'kill';

/**
 * An agent that hangs for more than two seconds closes connections whose head it has not read by then. SDKs do not see that,
 * because they wait for a second.
 */
const AFTER_HANG = /^(timeout|ECONNRESET|socket hang up|408)$/;

function ofMatrix(fault: Fault): SoakFault {
  const { component, mode, how, durationMs, inject } = fault;
  const mayFail = component === 'agent' && mode === 'hang' ? AFTER_HANG : fault.mayFail;
  return {
    name: `${component} ${mode}: ${how}`,
    longestMs: Math.min(durationMs, LONGEST_MS),
    restarts: isRestart(fault),
    mayFail,
    inject: ({ world }) => inject(world),
  };
}

const done = () => undefined;

const more: readonly SoakFault[] = [
  {
    name: 'API server expires: watches are cut and cannot resume (410)',
    longestMs: 3_000,
    restarts: false,
    inject({ world: { api } }) {
      api.bump();
      api.compact();
      api.dropWatches();
      return done;
    },
  },
  {
    name: 'API server ends its watches properly',
    longestMs: 1_000,
    restarts: false,
    inject({ world: { api } }) {
      api.dropWatches('end');
      return done;
    },
  },
  {
    name: 'API server sends a line that is not JSON',
    longestMs: 3_000,
    restarts: false,
    inject({ world: { api } }) {
      api.sendRaw('Pod', '{"type":"MODIFIED","object":{');
      return done;
    },
  },
  {
    name: `STS throttles above ${FEW_CALLS} calls a second`,
    longestMs: 6_000,
    restarts: false,
    inject({ world: { sts } }) {
      sts.throttleAbove(FEW_CALLS);
      return () => {
        sts.throttleAbove(Infinity);
      };
    },
  },
  certificatesRenewed,
];

/** Held for up to 2 s until the agent identifies Pods by their status (docs/reliability.md). */
const reconcileKilled: SoakFault = {
  name: 'reconcile kill: SIGKILL, restarted later',
  longestMs: 3_000,
  restarts: true,
  mayFail: /^503$/,
  async inject({ reconcile }) {
    await reconcile?.kill();
    return () => reconcile?.restart();
  },
};

/** All faults that this machine can have. */
export function allFaults({ hasReconcile }: { readonly hasReconcile: boolean }): readonly SoakFault[] {
  const matrix = [...serverSideFaults, ...serviceFaults, ...agentFaults].map(ofMatrix);
  return [...matrix, ...more, ...(hasReconcile ? [reconcileKilled] : [])];
}
