import { createImdsClient } from '@rolegate/sandbox';
import { eventually } from '@rolegate/testing';
import type { IdentityStage } from './stage.ts';
import type { LogLine } from '../log-line.ts';
import { createAuthorityObjects } from '../server-account.ts';
import type { ClusterStep } from '../world.ts';

/** Servers look at the Secret every 10 s, agents at the bundle every 3 s, and spread over two more. */
const KNOWN = { withinMs: 40_000, everyMs: 100 };
/** A removed Node, and its Pods, which the cluster removes after it. */
const GONE = /has been removed from the cluster|does not exist any more/;
/** Promised is a minute. Milliseconds. */
const ENDED_WITHIN_MS = 30_000;
/** Each Pod asks so often. Milliseconds. */
const ASK_EVERY_MS = 20;

/** All of a change of authorities while Pods ask: not one request fails. */
export function rotationSteps(stage: IdentityStage): ClusterStep[] {
  /** The Secret from before the rotation. */
  let backup: Secret | undefined;
  return [
    {
      title: 'another authority is prepared, activated, and the former retired: no request fails',
      async run() {
        backup = await stage.world.secret();
        await rotateWhileAsking(stage);
      },
    },
    {
      title:
        'an older backup of the Secret does not bring back the authority that was withdrawn; agents go on',
      run: () => restoreBackup(stage, backup),
    },
    {
      title: 'a Secret that is lost is written again, the same, once it is there empty; agents go on',
      run: () => loseSecret(stage),
    },
    {
      title: 'the stream of a Node that is removed ends, and its certificate is refused',
      run: () => removeNode(stage),
    },
  ];
}

type Secret = Readonly<Record<string, string>>;

async function rotateWhileAsking(stage: IdentityStage): Promise<void> {
  const { nodes } = stage.world;
  const [a] = nodes;
  expectNoFailure(await whileAsking(stage, () => rotate(stage)));
  await stage.startPod(a, 'after', '127.9.2.7');
  await stage.expectRole(a, '127.9.2.7', 'team/after');
  await stage.startPod(nodes[1], 'after-b', '127.9.3.7');
  await stage.expectRole(nodes[1], '127.9.3.7', 'team/after-b');
}

async function rotate({ world }: IdentityStage): Promise<void> {
  const { serverLog, agentLog, nodes } = world;
  const command = async (...words: string[]) => {
    const { code, output } = await world.authorityCommand(...words);
    if (code !== 0) throw new Error(`authority ${words.join(' ')}: exit code ${String(code)}: ${output}`);
  };
  /** Until `msg` stands in the log for each server or agent once more than before. */
  const allSay = (log: readonly LogLine[], msg: string, from: number) =>
    eventually(() => {
      const lines = log.slice(from).filter((line) => line.msg === msg).length;
      if (lines < nodes.length) throw new Error(`${lines} of ${nodes.length} have said: ${msg}`);
    }, KNOWN);
  let from = serverLog.length;
  await command('prepare');
  await allSay(serverLog, 'authority prepared', from);
  await eventually(() => {
    expectPublished(world, 2);
  }, KNOWN);
  // The agents look every 3 s.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  from = serverLog.length;
  await command('activate', '--now');
  await allSay(serverLog, 'authority activated', from);
  from = agentLog.length;
  const fromServer = serverLog.length;
  await command('retire', '--now');
  await allSay(agentLog, 'certificate issued', from);
  // The last to look trusts it no more either.
  await allSay(serverLog, 'authority removed', fromServer);
  await eventually(() => {
    expectPublished(world, 1);
  }, KNOWN);
}

function expectPublished({ bundle }: IdentityStage['world'], wanted: number): void {
  const found = bundle.pem().match(/BEGIN CERTIFICATE/g)?.length ?? 0;
  if (found !== wanted) throw new Error(`the bundle holds ${found} certificates`);
}

function expectNoFailure(bad: readonly string[]): void {
  if (bad.length > 0) throw new Error(`${bad.length} requests failed: ${bad.slice(0, 5).join('; ')}`);
}

async function restoreBackup(stage: IdentityStage, old: Secret | undefined): Promise<void> {
  const { world } = stage;
  const { serverLog } = world;
  const { namespace, core } = world;
  const name = 'rolegate-authority';
  if (old === undefined) throw new Error('there is no backup from before the rotation');
  const before = authoritiesIn(await world.secret());
  const withdrawn = authoritiesIn(old).ids.filter((id) => !before.ids.includes(id));
  if (withdrawn.length === 0) throw new Error('the rotation has withdrawn nothing');
  const from = serverLog.length;
  const bad = await whileAsking(stage, async () => {
    await core.replaceNamespacedSecret({
      namespace,
      name,
      body: { metadata: { name }, type: 'Opaque', stringData: { ...old } },
    });
    await eventually(async () => {
      const after = authoritiesIn(await world.secret());
      if (after.ids.join() !== before.ids.join()) throw new Error(`the Secret holds ${after.ids.join()}`);
      if (after.generation <= before.generation)
        throw new Error(`generation ${before.generation} became ${after.generation}`);
    }, KNOWN);
    expectPublished(world, 1);
  });
  expectNoFailure(bad);
  if (!serverLog.slice(from).some(({ msg }) => msg?.startsWith('authority secret is older') === true))
    throw new Error('no server said so');
}

async function loseSecret(stage: IdentityStage): Promise<void> {
  const { world } = stage;
  const { serverLog } = world;
  const before = await world.secret();
  const bad = await whileAsking(stage, async () => {
    const { namespace } = world;
    await world.core.deleteNamespacedSecret({ namespace, name: 'rolegate-authority' });
    const from = serverLog.length;
    await eventually(() => {
      if (!serverLog.slice(from).some(({ hint }) => String(hint).includes('helm upgrade')))
        throw new Error('no server says what creates it');
    }, KNOWN);
    await createAuthorityObjects(world.core, namespace);
    await eventually(async () => {
      const after = await world.secret();
      if (withoutGeneration(after) !== withoutGeneration(before))
        throw new Error('the authorities are others');
      if (after['token-secret'] !== before['token-secret']) throw new Error('the token secret is another');
    }, KNOWN);
  });
  expectNoFailure(bad);
}

async function removeNode(stage: IdentityStage): Promise<void> {
  const { world } = stage;
  const [, , c] = world.nodes;
  const token = await world.daemonSet.token({
    bound: { kind: 'Pod', ...(await world.daemonSet.podOn(c.name)) },
  });
  const shown = await world.peer().attest(token);
  const feed = await world.peer().openFeed({ nodeName: c.name }, shown);
  await stage.audit.refused(async () => {
    await world.core.deleteNode({ name: c.name });
    throw new Error(await Promise.race([feed.ended, late()]));
  }, GONE);
  await stage.audit.refused(() => world.peer().feed({ nodeName: c.name }, shown), GONE);
}

function authoritiesIn(secret: Secret): { ids: string[]; generation: number } {
  const kept = JSON.parse(secret['authorities.json'] ?? '') as {
    authorities: { id: string }[];
    generation: number;
  };
  return { ids: kept.authorities.map(({ id }) => id), generation: kept.generation };
}

/** A server that had not read the last one yet may be the first to write, and the others count on from it. */
function withoutGeneration(secret: Secret): string | undefined {
  return secret['authorities.json']?.replace(/"generation": \d+/, '');
}

function late(): Promise<string> {
  return new Promise((resolve) => {
    setTimeout(resolve, ENDED_WITHIN_MS, 'the stream goes on').unref();
  });
}

/** A Pod of each node asks all the while; what was not 200. */
async function whileAsking(stage: IdentityStage, what: () => Promise<void>): Promise<string[]> {
  const { nodes } = stage.world;
  const bad: string[] = [];
  const stop = new AbortController();
  const asking = ['of-a', 'of-b', 'of-c'].map(async (name, index) => {
    const node = nodes[index];
    if (node === undefined) return;
    const client = createImdsClient({ ip: stage.pod(name).ip, agent: node.agent });
    while (!stop.signal.aborted) {
      const { status, body } = await client.credentials();
      if (status !== 200) bad.push(`${name} ${status} ${body}`);
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
    }
  });
  try {
    await what();
  } finally {
    stop.abort();
    await Promise.all(asking);
  }
  return bad;
}
