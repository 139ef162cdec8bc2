import { valueOf } from '../../answers/answer.ts';
import type { Cluster } from '../cluster.ts';
import type { Finding } from '../finding.ts';

/** Whether agents that serve container credentials listen, and can verify tokens. */
export function checkContainerCredentials({ agents }: Cluster): readonly Finding[] {
  return agents.flatMap(({ node, status }): Finding[] => {
    const endpoint = valueOf(status)?.containerCredentials;
    if (endpoint === undefined) return [];
    const about = { severity: 'error', check: 'container-credentials', node } as const;
    const { addresses, keysCondition } = endpoint;
    const waiting = addresses.filter(({ waitsFor }) => waitsFor !== undefined);
    const deaf: Finding = {
      ...about,
      what: 'the agent does not listen for container credentials',
      evidence: waiting.map(({ address, waitsFor = '' }) => `${address} waits for ${waitsFor}`).join(', '),
      fix: 'see the alert RolegateContainerCredentialsDown in docs/runbook.md',
    };
    const keyless: Finding = {
      ...about,
      what: 'the agent has no current keys that verify ServiceAccount tokens',
      evidence: `keys: ${keysCondition ?? ''}`,
      fix: 'see why the servers do not read the issuer keys: the alert RolegateIssuerKeysFailing in docs/runbook.md',
    };
    return [
      ...(waiting.length === 0 ? [] : [deaf]),
      ...(keysCondition === 'none' || keysCondition === 'outdated' ? [keyless] : []),
    ];
  });
}
