import { dirname, join } from 'node:path';
import type { ClusterStep, ClusterWorld } from '../world.ts';
import { kubeletSteps } from './kubelets.ts';
import { otherNodeSteps } from './other-nodes.ts';
import { rotationSteps } from './rotation.ts';
import { shutOutSteps } from './shut-out.ts';
import { createContext } from './context.ts';
import { tokenSteps } from './tokens.ts';
import { startIdentityWorld } from './world.ts';
import type { IdentityWorld } from './world.ts';

/** Tests identity with a real API server: DaemonSet, bound tokens and TokenReview. */
export async function identitySteps(cluster: ClusterWorld): Promise<ClusterStep[]> {
  const world = await startIdentityWorld(cluster);
  const signingKey = join(dirname(cluster.kubeconfig), 'pki/sa.key');
  const context = createContext({ world, objects: cluster.objects, signingKey });
  const [a, b, c] = world.nodes;
  return [
    {
      title: 'Three servers that start at the same time share one authority',
      run: () => expectOneAuthority(world),
    },
    {
      title: 'An agent serves only the Pods of its node',
      async run() {
        await context.startPod(a, 'of-a', '127.9.2.1');
        await context.startPod(b, 'of-b', '127.9.3.1');
        await context.startPod(c, 'of-c', '127.9.4.1');
        await context.expectRole(a, '127.9.2.1', 'team/of-a');
        await context.expectRole(b, '127.9.3.1', 'team/of-b');
        await context.expectRole(c, '127.9.4.1', 'team/of-c');
        await context.expectStatus(a, '127.9.3.1', 503);
      },
    },
    ...otherNodeSteps(context),
    ...tokenSteps(context),
    ...kubeletSteps(context),
    ...rotationSteps(context),
    ...shutOutSteps(context),
  ];
}

async function expectOneAuthority({ secret, serverLog, serverPorts, bundle }: IdentityWorld): Promise<void> {
  const { authorities } = JSON.parse((await secret())['authorities.json'] ?? '') as {
    authorities: { id: string; state: string }[];
  };
  if (authorities.length !== 1) throw new Error(`the Secret holds ${authorities.length} authorities`);
  const found = serverLog.filter(({ msg }) => msg === 'authority found').map(({ authority }) => authority);
  const all = serverPorts.map(() => authorities[0]?.id);
  if (JSON.stringify(found) !== JSON.stringify(all))
    throw new Error(`the servers found ${JSON.stringify(found)}, the Secret has ${JSON.stringify(all)}`);
  const published = bundle.pem().match(/BEGIN CERTIFICATE/g)?.length;
  if (published !== 1) throw new Error(`the ConfigMap publishes ${String(published)} certificates`);
}
