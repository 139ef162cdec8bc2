import type { Remote } from '../../../processes/start-child.ts';
import { eventually } from '@rolegate/testing';
import type { ServerObservations } from '../../cluster/watch/observations.ts';
import type { AttackWatchers } from '../../attack.ts';
import type { AgentsCalls, AgentsResult } from '../calls.ts';

/** Time for used-up limits to recover. Milliseconds. */
const SERVED_WITHIN_MS = 20_000;

export interface StrangersObservations extends ServerObservations {
  readonly agents: AgentsResult;
}

/** Adds agents that attest, renew and open streams constantly. */
export function createStrangersWatchers(
  server: AttackWatchers<ServerObservations>,
  agents: Remote<AgentsCalls>,
): AttackWatchers<StrangersObservations> {
  return {
    async untilServed() {
      await server.untilServed();
      await eventually(
        async () => {
          const failed = await agents.once(undefined);
          if (failed !== '') throw new Error(failed);
        },
        { withinMs: SERVED_WITHIN_MS, everyMs: 500 },
      );
    },
    async during(attack) {
      await agents.begin(undefined);
      const [watched] = await Promise.allSettled([server.during(attack)]);
      const acted = await agents.end(undefined);
      if (watched.status === 'rejected') throw watched.reason;
      const { observed, report } = watched.value;
      return { observed: { ...observed, agents: acted }, report };
    },
  };
}
