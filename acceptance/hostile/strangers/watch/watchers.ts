import type { Remote } from '../../../processes/start-child.ts';
import { eventually } from '@rolegate/testing';
import type { ServerSeen } from '../../cluster/watch/seen.ts';
import type { AttackWatchers } from '../../attack.ts';
import type { AgentsCalls, AgentsSeen } from '../orders.ts';

/** Limits that an attack has used up fill again. Milliseconds. */
const SERVED_WITHIN_MS = 20_000;

export interface StrangersSeen extends ServerSeen {
  readonly agents: AgentsSeen;
}

/** Those of the server, and agents that attest, renew and open streams all the time. */
export function createStrangersWatchers(
  server: AttackWatchers<ServerSeen>,
  agents: Remote<AgentsCalls>,
): AttackWatchers<StrangersSeen> {
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
      const { seen, report } = watched.value;
      return { seen: { ...seen, agents: acted }, report };
    },
  };
}
