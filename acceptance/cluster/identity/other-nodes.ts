import type { ShownTls } from '@rolegate/sandbox';
import { createTestCa, eventually } from '@rolegate/testing';
import type { IdentityStage } from './stage.ts';
import type { AgentNode } from './world.ts';
import type { ClusterStep } from '../world.ts';

/** A server asks STS only once an agent of the node is there. */
const ISSUED = { withinMs: 10_000, everyMs: 20 };

/** Who has node A's token and certificate comes at nothing of node B. */
export function otherNodeSteps(stage: IdentityStage): ClusterStep[] {
  const { world, audit } = stage;
  const [a, b] = world.nodes;
  const token = ({ pod }: AgentNode) => world.daemonSet.token({ bound: { kind: 'Pod', ...pod } });
  let ofA: ShownTls | undefined;
  const thief = async (): Promise<ShownTls> => (ofA ??= await world.peer().attest(await token(a)));

  return [
    {
      title: "node A's token gives A's feed: its own Pods alone",
      async run() {
        const updates = await world.peer().feed({ nodeName: a.name }, await thief());
        const uids = updates.flatMap(({ pod }) => (pod ? [pod.uid] : []));
        if (!uids.includes(stage.pod('of-a').uid) || uids.includes(stage.pod('of-b').uid))
          throw new Error(`the feed holds ${uids.join(', ')}`);
      },
    },
    {
      title: "with A's certificate the feed of node B is refused",
      run: () =>
        audit.refused(
          async () => world.peer().feed({ nodeName: b.name }, await thief()),
          /but the report is of/,
        ),
    },
    {
      title: "with A's certificate the address of B's Pod is refused",
      run: () =>
        audit.refused(
          async () => world.peer().resolve('127.9.3.1', await thief()),
          /belongs to a Pod on node/,
        ),
    },
    {
      title: "a certificate request that names node B yields node A's certificate",
      async run() {
        const shown = await world.peer().attest(await token(a), { uris: [uriOf(b)] });
        await audit.refused(() => world.peer().feed({ nodeName: b.name }, shown), /but the report is of/);
        await world.peer().feed({ nodeName: a.name }, shown);
      },
    },
    {
      title: "a held list with B's sessions brings none of them",
      run: async () => claimSessions(stage, await thief()),
    },
    {
      title: "a report of B's Pod ends A's stream",
      run: () =>
        audit.refused(async () => {
          const feed = await world.peer().openFeed({ nodeName: a.name }, await thief());
          const { uid } = stage.pod('of-b');
          feed.report({ firstDeliveries: [{ podUid: uid, sessionId: 'x', heldMs: 1 }] });
          throw new Error(await feed.ended);
        }, /the report is about Pod/),
    },
    ...handshakeSteps(stage),
  ];
}

/** A reports as its own what is B's. */
async function claimSessions(stage: IdentityStage, shown: ShownTls): Promise<void> {
  const { world, audit } = stage;
  const [a, b] = world.nodes;
  const token = await world.daemonSet.token({ bound: { kind: 'Pod', ...b.pod } });
  const honest = await world.peer().attest(token);
  const feed = await world.peer().openFeed({ nodeName: b.name }, honest);
  const sessions = await eventually(() => {
    const issued = feed.updates.flatMap(({ session }) => (session?.credentials ? [session] : []));
    if (issued.length === 0) throw new Error("B's feed brought no session to claim");
    return issued;
  }, ISSUED);
  const heldSessions = sessions.map(({ sessionId, credentials }) => ({
    sessionId,
    fingerprint: credentials?.fingerprint ?? '',
    remainingMs: 3_000_000,
    lifetimeMs: 3_600_000,
  }));
  const from = world.serverLog.length;
  const stolen = await heldFeed(stage, a, heldSessions, shown);
  if (heldSessions.some(({ sessionId }) => stolen.includes(sessionId)))
    throw new Error("A was told of B's session");
  await audit.leaves(/sessions which only other nodes need/, from);
  feed.close();
}

/** Who shows no certificate, or one that nobody signed. */
function handshakeSteps(stage: IdentityStage): ClusterStep[] {
  const { world } = stage;
  const [, b] = world.nodes;
  return [
    {
      title: 'without a certificate there is no feed, and no address',
      async run() {
        const shown = { ca: Buffer.from(world.bundle.pem()) };
        await turnedAway(stage, () => world.peer().feed({ nodeName: b.name }, shown), /no certificate/);
        await turnedAway(stage, () => world.peer().resolve('127.9.3.1', shown), /no certificate/);
      },
    },
    {
      title: 'a certificate for node B of an authority of the thief is refused',
      async run() {
        const own = await (await createTestCa()).issue({ uris: [uriOf(b), 'urn:rolegate:pod:x'] });
        const shown = {
          cert: Buffer.from(own.cert),
          key: Buffer.from(own.key),
          ca: Buffer.from(world.bundle.pem()),
        };
        const trusts = /this server does not trust the authority/;
        await turnedAway(stage, () => world.peer().feed({ nodeName: b.name }, shown), trusts);
      },
    },
  ];
}

const uriOf = ({ name }: AgentNode) => `spiffe://rolegate/node/${name}`;

/** Holds that the attempt ends in the handshake, and that a server says why. */
async function turnedAway(
  { world }: IdentityStage,
  attempt: () => Promise<unknown>,
  why: RegExp,
): Promise<void> {
  const from = world.serverLog.length;
  const fault = await attempt().then(
    () => 'it was let in',
    (error: unknown) => (String(error).includes('UNAVAILABLE') ? '' : String(error)),
  );
  if (fault !== '') throw new Error(fault);
  await eventually(() => {
    const lines = world.serverLog.slice(from);
    const told = lines.some(
      (line) => line.msg === 'TLS handshake refused' && why.test(String(line['error'])),
    );
    if (!told) throw new Error(`no line says ${String(why)}: ${JSON.stringify(lines)}`);
  }, ISSUED);
}

/** The sessions that a feed brings whose first report claims these: from each server, as they divide the nodes. */
async function heldFeed(
  { world }: IdentityStage,
  { name }: AgentNode,
  heldSessions: { sessionId: string; fingerprint: string; remainingMs: number; lifetimeMs: number }[],
  shown: ShownTls,
): Promise<string[]> {
  const feeds = world.serverPorts.map(() => world.peer().feed({ nodeName: name, heldSessions }, shown));
  const updates = (await Promise.all(feeds)).flat();
  return updates.flatMap(({ session }) => (session ? [session.sessionId] : []));
}
