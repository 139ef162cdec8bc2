import { createImdsClient } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import type { IdentityContext } from './context.ts';
import type { LogLine } from '../../processes/log-line.ts';
import { expectNoFailures } from '../no-failures.ts';
import type { RepeatedRequest } from '../no-failures.ts';
import { createAuthorityObjects } from '../server-account.ts';
import type { ClusterStep } from '../world.ts';

/** Servers read the Secret every 10 s, agents the bundle every 3 to 5 s. */
const KNOWN = { withinMs: 40_000, everyMs: 100 };
/** The error for a removed Node, or for its Pods, which the cluster removes later. */
const GONE = /has been removed from the cluster|does not exist any more/;
/** DESIGN.md 4.6 allows a minute. Milliseconds. */
const ENDED_WITHIN_MS = 30_000;
/** Rotates the authority while Pods send requests. */
export function rotationSteps(context: IdentityContext): ClusterStep[] {
  /** The Secret from before the rotation. */
  let backup: Secret | undefined;
  return [
    {
      title: 'No request fails while a new authority is prepared and activated and the old one is retired',
      async run() {
        backup = await context.world.secret();
        await rotateWhileAsking(context);
      },
    },
    {
      title:
        'Restoring an older backup of the Secret does not bring back the removed authority, and no request fails',
      run: () => restoreBackup(context, backup),
    },
    {
      title: 'A deleted Secret is restored with the same data once it exists again, and no request fails',
      run: () => loseSecret(context),
    },
    {
      title: 'Removing a Node ends the stream of its agent, and its certificate is refused',
      run: () => removeNode(context),
    },
  ];
}

type Secret = Readonly<Record<string, string>>;

async function rotateWhileAsking(context: IdentityContext): Promise<void> {
  const { nodes } = context.world;
  const [a] = nodes;
  await expectNoFailures(podRequests(context), () => rotate(context));
  await context.startPod(a, 'after', '127.9.2.7');
  await context.expectRole(a, '127.9.2.7', 'team/after');
  await context.startPod(nodes[1], 'after-b', '127.9.3.7');
  await context.expectRole(nodes[1], '127.9.3.7', 'team/after-b');
}

async function rotate({ world }: IdentityContext): Promise<void> {
  const { serverLog, agentLog, nodes } = world;
  const command = async (...words: string[]) => {
    const { code, output } = await world.authorityCommand(...words);
    if (code !== 0) throw new Error(`authority ${words.join(' ')}: exit code ${String(code)}: ${output}`);
  };
  /** Waits until each server or agent has logged `msg`. */
  const allLog = (log: readonly LogLine[], msg: string, from: number) =>
    eventually(() => {
      const lines = log.slice(from).filter((line) => line.msg === msg).length;
      if (lines < nodes.length) throw new Error(`${lines} of ${nodes.length} have logged: ${msg}`);
    }, KNOWN);
  let from = serverLog.length;
  await command('prepare');
  await allLog(serverLog, 'authority prepared', from);
  await eventually(() => {
    expectPublished(world, 2);
  }, KNOWN);
  // Agents read the bundle every 3 s.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  from = serverLog.length;
  await command('activate', '--now');
  await allLog(serverLog, 'authority activated', from);
  from = agentLog.length;
  const fromServer = serverLog.length;
  await command('retire', '--now');
  await allLog(agentLog, 'certificate issued', from);
  // Waits for the last server too.
  await allLog(serverLog, 'authority removed', fromServer);
  await eventually(() => {
    expectPublished(world, 1);
  }, KNOWN);
}

function expectPublished({ bundle }: IdentityContext['world'], wanted: number): void {
  const found = bundle.pem().match(/BEGIN CERTIFICATE/g)?.length ?? 0;
  if (found !== wanted) throw new Error(`the bundle has ${found} certificates`);
}

async function restoreBackup(context: IdentityContext, old: Secret | undefined): Promise<void> {
  const { world } = context;
  const { serverLog } = world;
  const { namespace, core } = world;
  const name = 'rolegate-authority';
  if (old === undefined) throw new Error('there is no backup from before the rotation');
  const before = authoritiesIn(await world.secret());
  const withdrawn = authoritiesIn(old).ids.filter((id) => !before.ids.includes(id));
  if (withdrawn.length === 0) throw new Error('the rotation removed no authority');
  const from = serverLog.length;
  await expectNoFailures(podRequests(context), async () => {
    await core.replaceNamespacedSecret({
      namespace,
      name,
      body: { metadata: { name }, type: 'Opaque', stringData: { ...old } },
    });
    await eventually(async () => {
      const after = authoritiesIn(await world.secret());
      if (after.ids.join() !== before.ids.join()) throw new Error(`the Secret has ${after.ids.join()}`);
      if (after.generation <= before.generation)
        throw new Error(`generation ${before.generation} became ${after.generation}`);
    }, KNOWN);
    expectPublished(world, 1);
  });
  if (!serverLog.slice(from).some(({ msg }) => msg?.startsWith('authority Secret was older') === true))
    throw new Error('no server logged it');
}

async function loseSecret(context: IdentityContext): Promise<void> {
  const { world } = context;
  const { serverLog } = world;
  const before = await world.secret();
  await expectNoFailures(podRequests(context), async () => {
    const { namespace } = world;
    await world.core.deleteNamespacedSecret({ namespace, name: 'rolegate-authority' });
    const from = serverLog.length;
    await eventually(() => {
      if (!serverLog.slice(from).some(({ hint }) => String(hint).includes('helm upgrade')))
        throw new Error('no server logged the hint');
    }, KNOWN);
    await createAuthorityObjects(world.core, namespace);
    await eventually(async () => {
      const after = await world.secret();
      if (withoutGeneration(after) !== withoutGeneration(before)) throw new Error('the authorities differ');
      if (after['token-secret'] !== before['token-secret']) throw new Error('the token secret differs');
    }, KNOWN);
  });
}

async function removeNode(context: IdentityContext): Promise<void> {
  const { world } = context;
  const [, , c] = world.nodes;
  const token = await world.daemonSet.token({
    bound: { kind: 'Pod', ...(await world.daemonSet.podOn(c.name)) },
  });
  const tls = await world.peer().attest(token);
  const feed = await world.peer().openFeed({ nodeName: c.name }, tls);
  await context.audit.expectRefusal(async () => {
    await world.core.deleteNode({ name: c.name });
    throw new Error(await Promise.race([feed.ended, late()]));
  }, GONE);
  await context.audit.expectRefusal(() => world.peer().feed({ nodeName: c.name }, tls), GONE);
}

function authoritiesIn(secret: Secret): { ids: string[]; generation: number } {
  const kept = JSON.parse(secret['authorities.json'] ?? '') as {
    authorities: { id: string }[];
    generation: number;
  };
  return { ids: kept.authorities.map(({ id }) => id), generation: kept.generation };
}

/** The generation may differ, because a server that has not read the latest one may write first. */
function withoutGeneration(secret: Secret): string | undefined {
  return secret['authorities.json']?.replace(/"generation": \d+/, '');
}

function late(): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(resolve, ENDED_WITHIN_MS, 'the stream is still open').unref();
  });
}

/** Credentials for a Pod on each node. */
function podRequests(context: IdentityContext): RepeatedRequest[] {
  const names = ['of-a', 'of-b', 'of-c'];
  return context.world.nodes.map(({ agent }, index) => {
    const name = names[index] ?? '';
    const client = createImdsClient({ ip: context.pod(name).ip, agent });
    return { name, send: () => client.credentials() };
  });
}
