import { faultOf, valueOf } from '../answers/answer.ts';
import type { V1Pod } from '../answers/objects.ts';
import { endAt } from './decided.ts';
import type { Decided } from './decided.ts';
import { stepAfter } from './fault-text.ts';
import { link } from './link.ts';
import type { Link } from './link.ts';
import { obstacleOf } from './obstacle.ts';

/** Whether the Pod is one that can get a role. */
export function podLink(decided: Decided): Link {
  const { evidence, explained, decision } = decided;
  const obstacle = obstacleOf(evidence);
  if (obstacle !== undefined) return obstacle;
  const pod = valueOf(evidence.pod);
  const traits = explained?.traits ?? (pod === undefined ? [] : traitsOf(pod));
  const place = `on node ${pod?.spec?.nodeName ?? explained?.node ?? 'unknown'}`;
  const end = endAt(decided, 'Pod');
  if (end !== undefined) return end;
  if (decision === undefined) return notDecided(decided);
  const unread = faultOf(evidence.pod);
  return link('Pod', unread === undefined ? 'ok' : 'unknown', [place, ...traits].join(', '), {
    details: unread === undefined ? [] : [`the Pod cannot be read: ${unread}`],
  });
}

/** No server has decided, and the agent has no decision either. */
function notDecided({ evidence }: Decided): Link {
  const { server } = evidence;
  const fault = faultOf(server);
  if (fault !== undefined)
    return link(
      'Pod',
      'unknown',
      `no server explains it: ${fault}`,
      stepAfter(fault, {
        next: 'see what is wrong with the servers',
        commands: ['kubectl rolegate doctor'],
      }),
    );
  const waits = valueOf(server)?.waitsFor ?? 'its list of Pods';
  return link('Pod', 'broken', `the server does not know it; it waits for ${waits}`, {
    next: "check the server's watches",
    commands: ['kubectl rolegate doctor'],
  });
}

function traitsOf({ spec, metadata }: V1Pod): readonly string[] {
  return [
    ...(spec?.hostNetwork === true ? ['on the host network'] : []),
    ...(metadata?.annotations?.['kubernetes.io/config.mirror'] === undefined ? [] : ['static']),
    ...(metadata?.deletionTimestamp === undefined ? [] : ['terminating']),
  ];
}
