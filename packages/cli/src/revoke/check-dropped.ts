import type { Clock } from '@rolegate/runtime';
import type { AgentPod } from '../answers/agent-status.ts';
import type { RolegatePod } from '../cluster/rolegate-pods.ts';
import type { RoleSources } from '../roles/roles.ts';
import { hasRole } from '../roles/who.ts';
import { fullName, podsIn, silentIn } from './revoking.ts';
import type { DropCheck } from './revocation.ts';

/** Agents follow a change within a second; a feed that is connecting again takes longer. Milliseconds. */
const WITHIN_MS = 30_000;
const EVERY_MS = 1_000;

export interface DropCheckDeps {
  /** Those that may serve the Pods concerned. */
  readonly agents: readonly RolegatePod[];
  readonly readAgents: (agents: readonly RolegatePod[]) => Promise<RoleSources['agents']>;
  /** Whether the change was to withdraw this Pod's role. */
  readonly isConcerned: (pod: AgentPod) => boolean;
  /** Changed Namespaces that still permit the role. */
  readonly stillPermittedIn: () => Promise<readonly string[]>;
  readonly clock: Pick<Clock, 'monotonic' | 'sleep'>;
  readonly signal: AbortSignal;
}

/** Asks until no agent serves the Pods any more and no Namespace permits the role, for at most 30 s. */
export async function checkDropped(deps: DropCheckDeps): Promise<DropCheck> {
  const { readAgents, isConcerned, clock, signal } = deps;
  const startedMs = clock.monotonic();
  let { agents } = deps;
  for (;;) {
    const answers = await readAgents(agents);
    const serving = podsIn(answers).filter((pod) => isConcerned(pod) && hasRole(pod));
    const silent = silentIn(answers);
    const stillPermittedIn = await deps.stillPermittedIn();
    const open = new Set([...silent, ...serving].map(({ node }) => node));
    const passedMs = clock.monotonic() - startedMs;
    if ((open.size === 0 && stillPermittedIn.length === 0) || signal.aborted || passedMs >= WITHIN_MS)
      return {
        seconds: Math.round(passedMs / 1_000),
        served: serving.map((pod) => `${fullName(pod)} on ${pod.node}`),
        silent,
        stillPermittedIn,
      };
    agents = agents.filter(({ node }) => open.has(node));
    await clock.sleep(EVERY_MS, signal);
  }
}
