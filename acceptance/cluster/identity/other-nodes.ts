import type { PresentedTls } from '@rolegate/sandbox';
import { createTestCa, eventually } from '@rolegate/testing';
import type { IdentityContext } from './context.ts';
import type { AgentNode } from './world.ts';
import type { ClusterStep } from '../world.ts';

/** Servers call STS only after an agent has connected. */
const ISSUED = { withinMs: 10_000, everyMs: 20 };

/** An attacker with node A's token and certificate gets nothing of node B. */
export function otherNodeSteps(context: IdentityContext): ClusterStep[] {
  const { world, audit } = context;
  const [a, b] = world.nodes;
  const token = ({ pod }: AgentNode) => world.daemonSet.token({ bound: { kind: 'Pod', ...pod } });
  let ofA: PresentedTls | undefined;
  const attacker = async (): Promise<PresentedTls> => (ofA ??= await world.peer().attest(await token(a)));

  return [
    {
      title: "Node A's token opens a feed with only A's Pods",
      async run() {
        const updates = await world.peer().feed({ nodeName: a.name }, await attacker());
        const uids = updates.flatMap(({ pod }) => (pod ? [pod.uid] : []));
        if (!uids.includes(context.pod('of-a').uid) || uids.includes(context.pod('of-b').uid))
          throw new Error(`the feed has ${uids.join(', ')}`);
      },
    },
    {
      title: "Node A's certificate cannot open node B's feed",
      run: () =>
        audit.expectRefusal(
          async () => world.peer().feed({ nodeName: b.name }, await attacker()),
          /but the report is of/,
        ),
    },
    {
      title: "Node A's certificate cannot resolve the address of node B's Pod",
      run: () =>
        audit.expectRefusal(
          async () => world.peer().resolve('127.9.3.1', await attacker()),
          /belongs to a Pod on node/,
        ),
    },
    {
      title: 'A certificate request from node A that names node B yields a certificate for node A',
      async run() {
        const tls = await world.peer().attest(await token(a), { uris: [uriOf(b)] });
        await audit.expectRefusal(() => world.peer().feed({ nodeName: b.name }, tls), /but the report is of/);
        await world.peer().feed({ nodeName: a.name }, tls);
      },
    },
    {
      title: "If node A reports node B's sessions as cached, it gets none of them",
      run: async () => claimSessions(context, await attacker()),
    },
    {
      title: "A report about node B's Pod ends node A's stream",
      run: () =>
        audit.expectRefusal(async () => {
          const feed = await world.peer().openFeed({ nodeName: a.name }, await attacker());
          const { uid } = context.pod('of-b');
          feed.report({ firstDeliveries: [{ podUid: uid, sessionId: 'x', heldMs: 1 }] });
          throw new Error(await feed.ended);
        }, /the report is about Pod/),
    },
    ...handshakeSteps(context),
  ];
}

/** Node A reports node B's sessions as cached. */
async function claimSessions(context: IdentityContext, tls: PresentedTls): Promise<void> {
  const { world, audit } = context;
  const [a, b] = world.nodes;
  const token = await world.daemonSet.token({ bound: { kind: 'Pod', ...b.pod } });
  const honest = await world.peer().attest(token);
  const feed = await world.peer().openFeed({ nodeName: b.name }, honest);
  const sessions = await eventually(() => {
    const issued = feed.updates.flatMap(({ session }) => (session?.credentials ? [session] : []));
    if (issued.length === 0) throw new Error("B's feed has no session to claim");
    return issued;
  }, ISSUED);
  const heldSessions = sessions.map(({ sessionId, credentials }) => ({
    sessionId,
    fingerprint: credentials?.fingerprint ?? '',
    remainingMs: 3_000_000,
    lifetimeMs: 3_600_000,
  }));
  const from = world.serverLog.length;
  const stolen = await feedWithClaims(context, a, heldSessions, tls);
  if (heldSessions.some(({ sessionId }) => stolen.includes(sessionId)))
    throw new Error("A received B's session");
  await audit.expectLine(/cached sessions that only other nodes need/, from);
  feed.close();
}

/** Connections without a certificate, or with one from an unknown authority. */
function handshakeSteps(context: IdentityContext): ClusterStep[] {
  const { world } = context;
  const [, b] = world.nodes;
  return [
    {
      title: 'Without a certificate, feed and Resolve calls are refused',
      async run() {
        const tls = { ca: Buffer.from(world.bundle.pem()) };
        await expectHandshakeRefusal(
          context,
          () => world.peer().feed({ nodeName: b.name }, tls),
          /no certificate/,
        );
        await expectHandshakeRefusal(context, () => world.peer().resolve('127.9.3.1', tls), /no certificate/);
      },
    },
    {
      title: "A certificate for node B from the attacker's own authority is refused",
      async run() {
        const own = await (await createTestCa()).issue({ uris: [uriOf(b), 'urn:rolegate:pod:x'] });
        const tls = {
          cert: Buffer.from(own.cert),
          key: Buffer.from(own.key),
          ca: Buffer.from(world.bundle.pem()),
        };
        const trusts = /this server does not trust the authority/;
        await expectHandshakeRefusal(context, () => world.peer().feed({ nodeName: b.name }, tls), trusts);
      },
    },
  ];
}

const uriOf = ({ name }: AgentNode) => `spiffe://rolegate/node/${name}`;

/** Expects that the attempt fails in the handshake and that a server logs why. */
async function expectHandshakeRefusal(
  { world }: IdentityContext,
  attempt: () => Promise<unknown>,
  why: RegExp,
): Promise<void> {
  const from = world.serverLog.length;
  const unexpected = await attempt().then(
    () => 'it was accepted',
    (error: unknown) => (String(error).includes('UNAVAILABLE') ? '' : String(error)),
  );
  if (unexpected !== '') throw new Error(unexpected);
  await eventually(() => {
    const lines = world.serverLog.slice(from);
    const logged = lines.some(
      (line) => line.msg === 'TLS handshake refused' && why.test(String(line['error'])),
    );
    if (!logged) throw new Error(`no line matches ${String(why)}: ${JSON.stringify(lines)}`);
  }, ISSUED);
}

/** The sessions that a feed gets from each server if its first report claims these sessions. */
async function feedWithClaims(
  { world }: IdentityContext,
  { name }: AgentNode,
  heldSessions: { sessionId: string; fingerprint: string; remainingMs: number; lifetimeMs: number }[],
  tls: PresentedTls,
): Promise<string[]> {
  const feeds = world.serverPorts.map(() => world.peer().feed({ nodeName: name, heldSessions }, tls));
  const updates = (await Promise.all(feeds)).flat();
  return updates.flatMap(({ session }) => (session ? [session.sessionId] : []));
}
