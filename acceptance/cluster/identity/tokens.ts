import { sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { IdentityStage } from './stage.ts';
import type { ClusterStep } from '../world.ts';

/** A stream ends when its agent's Pod is gone, which the watch tells. Milliseconds. */
const ENDED_WITHIN_MS = 15_000;
const HOUR_S = 3_600;

/** Tokens that prove nothing. */
export function tokenSteps(stage: IdentityStage): ClusterStep[] {
  const { world, audit, signingKey } = stage;
  const { daemonSet, namespace, nodes } = world;
  const [a, b] = nodes;
  const refused = (token: () => Promise<string>, said: RegExp) => async () => {
    const given = await token();
    await audit.refused(() => world.peer().attest(given), said);
  };
  const ofPod = { kind: 'Pod', ...a.pod } as const;

  const steps: ClusterStep[] = [
    {
      title: 'a token for another audience is refused',
      run: refused(() => daemonSet.token({ audience: 'vault', bound: ofPod }), /audience rolegate-server/),
    },
    {
      title: 'a token of another ServiceAccount is refused',
      run: refused(() => daemonSet.token({ account: 'default' }), /agents have the ServiceAccount/),
    },
    {
      title: 'a token that is bound to nothing is refused',
      run: refused(() => daemonSet.token({}), /not bound to a Pod/),
    },
    {
      title: 'a token that is bound to a Node is refused',
      run: refused(
        () => daemonSet.token({ bound: { kind: 'Node', name: b.name, uid: b.uid } }),
        /not bound to a Pod/,
      ),
    },
    {
      title: "a Pod of the agents' ServiceAccount that no DaemonSet controls is no agent",
      async run() {
        const stray = await daemonSet.strayPod('stray', b.name);
        await seenByServers(stage, b.name);
        const token = await daemonSet.token({ bound: { kind: 'Pod', ...stray } });
        await audit.refused(() => world.peer().attest(token), /not controlled by a DaemonSet/);
        await world.core.deleteNamespacedPod({ namespace, name: stray.name, gracePeriodSeconds: 0 });
      },
    },
    {
      title: 'what is no token is refused',
      run: refused(() => Promise.resolve('no.token.atall'), /does not accept the token/),
    },
    {
      title:
        "a deleted Pod's stream ends, its token and certificate prove nothing, and its successor is let in",
      run: () => deletePod(stage),
    },
  ];
  if (!existsSync(signingKey)) return steps;
  return [
    ...steps,
    {
      title: 'an expired token is refused',
      run: refused(
        async () => expired(await daemonSet.token({ bound: ofPod }), await readFile(signingKey, 'utf8')),
        /does not accept the token.*expired/,
      ),
    },
  ];
}

async function deletePod({ world, audit }: IdentityStage): Promise<void> {
  const { daemonSet } = world;
  const [, , c] = world.nodes;
  const token = await daemonSet.token({ bound: { kind: 'Pod', ...c.pod } });
  const shown = await world.peer().attest(token);
  const feed = await world.peer().openFeed({ nodeName: c.name }, shown);
  await audit.refused(async () => {
    await daemonSet.deletePod(c.pod.name);
    const late = new Promise<string>((resolve) => {
      setTimeout(resolve, ENDED_WITHIN_MS, 'the stream goes on').unref();
    });
    throw new Error(await Promise.race([feed.ended, late]));
  }, /does not exist any more/);
  await audit.refused(() => world.peer().attest(token), /is not there|does not accept/);
  await audit.refused(() => world.peer().feed({ nodeName: c.name }, shown), /does not exist any more/);
  const next = await daemonSet.podOn(c.name, c.pod.uid);
  const fresh = await daemonSet.token({ bound: { kind: 'Pod', ...next } });
  await world.peer().feed({ nodeName: c.name }, await world.peer().attest(fresh));
  await c.restart(fresh);
}

/** The watch of each server has seen what was made before: a round of attestations later it has. */
async function seenByServers({ world }: IdentityStage, node: string): Promise<void> {
  const { uid, name } = await world.daemonSet.podOn(node);
  const token = await world.daemonSet.token({ bound: { kind: 'Pod', uid, name } });
  await Promise.all(world.serverPorts.map(() => world.peer().attest(token)));
}

/** The same token, an hour older, as the cluster would have signed it. */
function expired(token: string, keyPem: string): string {
  const [header = '', payload = ''] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, number>;
  for (const name of ['exp', 'iat', 'nbf']) claims[name] = (claims[name] ?? 0) - HOUR_S;
  const content = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${content}.${sign('sha256', Buffer.from(content), keyPem).toString('base64url')}`;
}
