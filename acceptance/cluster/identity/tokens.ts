import { sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IdentityContext } from './context.ts';
import type { ClusterStep } from '../world.ts';

/** Time for a stream to end after its agent's Pod was deleted. Milliseconds. */
const ENDED_WITHIN_MS = 15_000;
const HOUR_S = 3_600;

/** Invalid tokens. */
export function tokenSteps(context: IdentityContext): ClusterStep[] {
  const { world, audit, signingKey } = context;
  const { daemonSet, namespace, nodes } = world;
  const [a, b] = nodes;
  const refused = (token: () => Promise<string>, message: RegExp) => async () => {
    const given = await token();
    await audit.expectRefusal(() => world.peer().attest(given), message);
  };
  const ofPod = { kind: 'Pod', ...a.pod } as const;

  const steps: ClusterStep[] = [
    {
      title: 'A token for another audience is refused',
      run: refused(() => daemonSet.token({ audience: 'vault', bound: ofPod }), /audience rolegate-server/),
    },
    {
      title: 'A token of another ServiceAccount is refused',
      run: refused(() => daemonSet.token({ account: 'default' }), /the ServiceAccount of agents is/),
    },
    {
      title: 'An unbound token is refused',
      run: refused(() => daemonSet.token({}), /not bound to a Pod/),
    },
    {
      title: 'A token bound to a Node is refused',
      run: refused(
        () => daemonSet.token({ bound: { kind: 'Node', name: b.name, uid: b.uid } }),
        /not bound to a Pod/,
      ),
    },
    {
      title:
        'A token of a Pod that no DaemonSet controls is refused, even if the Pod has the ServiceAccount of agents',
      async run() {
        const stray = await daemonSet.strayPod('stray', b.name);
        await seenByServers(context, b.name);
        const token = await daemonSet.token({ bound: { kind: 'Pod', ...stray } });
        await audit.expectRefusal(() => world.peer().attest(token), /not controlled by a DaemonSet/);
        await world.core.deleteNamespacedPod({ namespace, name: stray.name, gracePeriodSeconds: 0 });
      },
    },
    {
      title: 'A string that is not a token is refused',
      run: refused(() => Promise.resolve('no.token.atall'), /does not accept the token/),
    },
    {
      title:
        'Deleting the Pod of an agent ends its stream and invalidates its token and certificate, and the next Pod is accepted',
      run: () => deletePod(context),
    },
  ];
  if (!existsSync(signingKey)) return steps;
  return [
    ...steps,
    {
      title: 'An expired token is refused',
      run: refused(
        async () => expired(await daemonSet.token({ bound: ofPod }), await readFile(signingKey, 'utf8')),
        /does not accept the token.*expired/,
      ),
    },
  ];
}

async function deletePod({ world, audit }: IdentityContext): Promise<void> {
  const { daemonSet } = world;
  const [, , c] = world.nodes;
  const token = await daemonSet.token({ bound: { kind: 'Pod', ...c.pod } });
  const tls = await world.peer().attest(token);
  const feed = await world.peer().openFeed({ nodeName: c.name }, tls);
  await audit.expectRefusal(async () => {
    await daemonSet.deletePod(c.pod.name);
    const late = new Promise<string>((resolve) => {
      setTimeout(resolve, ENDED_WITHIN_MS, 'the stream is still open').unref();
    });
    throw new Error(await Promise.race([feed.ended, late]));
  }, /does not exist any more/);
  await audit.expectRefusal(() => world.peer().attest(token), /does not exist|does not accept/);
  await audit.expectRefusal(() => world.peer().feed({ nodeName: c.name }, tls), /does not exist any more/);
  const next = await daemonSet.podOn(c.name, c.pod.uid);
  const fresh = await daemonSet.token({ bound: { kind: 'Pod', ...next } });
  await world.peer().feed({ nodeName: c.name }, await world.peer().attest(fresh));
  await c.restart(fresh);
}

/** Waits until each server's watch is current: an attestation at each server ensures it. */
async function seenByServers({ world }: IdentityContext, node: string): Promise<void> {
  const { uid, name } = await world.daemonSet.podOn(node);
  const token = await world.daemonSet.token({ bound: { kind: 'Pod', uid, name } });
  await Promise.all(world.serverPorts.map(() => world.peer().attest(token)));
}

/** The same token with times one hour earlier, signed with the cluster's key. */
function expired(token: string, keyPem: string): string {
  const [header = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, number>;
  for (const name of ['exp', 'iat', 'nbf']) claims[name] = (claims[name] ?? 0) - HOUR_S;
  const content = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${content}.${sign('sha256', Buffer.from(content), keyPem).toString('base64url')}`;
}
