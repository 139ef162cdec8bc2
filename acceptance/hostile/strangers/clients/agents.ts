// Agents without agents: they attest, renew and open streams again and again, as those that start and whose certificates are old.
import { createBackoff } from '@rolegate/runtime';
import type { NodeIdentity } from '../../cluster/orders.ts';
import { serveCalls } from '../../../processes/serve-calls.ts';
import { paced } from '../../cluster/clients/pace.ts';
import type { AgentAct, AgentsCalls, AgentsOrder, AgentsSeen, AgentTry, ServerPorts } from '../orders.ts';
import { attest, holdStream, openStream, renew } from './agent-calls.ts';

/** As agents have it. Milliseconds. */
const BACKOFF = { firstMs: 1_000, capMs: 30_000 };
/** After this an act counts as not done. Milliseconds. */
const PATIENCE_MS = 20_000;
/** Of all agents together. */
const PER_SECOND: Readonly<Record<AgentAct, number>> = { attest: 8, renew: 6, 'open a stream': 4 };

interface Agent {
  readonly try: Omit<AgentTry, 'act'>;
  identity: NodeIdentity;
  readonly busy: Set<AgentAct>;
}

let agents: Agent[] = [];
let failures: Record<string, number> = {};
let stop = new AbortController();
let held = Promise.resolve('');
let acting: Promise<(number | undefined)[]>[] = [];

/** Resolves to a certificate if the act gets one. */
function act(order: AgentTry): Promise<NodeIdentity | undefined> {
  if (order.act === 'attest') return attest(order);
  return order.act === 'renew' ? renew(order) : openStream(order);
}

/** With the pauses of an agent, until it succeeds: after how many milliseconds; undefined: not within the time. */
async function actUntilDone(agent: Agent, kind: AgentAct): Promise<number | undefined> {
  const backoff = createBackoff(BACKOFF);
  const startMs = performance.now();
  agent.busy.add(kind);
  try {
    for (;;) {
      const failure = await tryOnce(agent, kind);
      const tookMs = performance.now() - startMs;
      if (failure === '') return tookMs;
      const said = `${kind}: ${failure}`;
      failures[said] = (failures[said] ?? 0) + 1;
      const pauseMs = backoff.next();
      if (tookMs + pauseMs > PATIENCE_MS) return undefined;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  } finally {
    agent.busy.delete(kind);
  }
}

async function tryOnce(agent: Agent, kind: AgentAct): Promise<string> {
  try {
    const identity = await act({ ...agent.try, identity: agent.identity, act: kind });
    if (identity !== undefined) agent.identity = identity;
    return '';
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 120);
}

/** The next agent that is not doing it already. */
async function keepActing(kind: AgentAct, signal: AbortSignal): Promise<(number | undefined)[]> {
  const all: Promise<number | undefined>[] = [];
  const pace = { perSecond: PER_SECOND[kind], goesOn: () => !signal.aborted };
  await paced(pace, (turn) => {
    const from = turn % agents.length;
    const inTurn = agents.slice(from).concat(agents.slice(0, from));
    const free = inTurn.find(({ busy }) => !busy.has(kind));
    if (free !== undefined) all.push(actUntilDone(free, kind));
  });
  return Promise.all(all);
}

function agentOf(ports: ServerPorts, holder: AgentTry['holder']): Agent {
  const none = { node: holder.node, address: holder.address, cert: '', key: '' };
  return { try: { ports, holder }, identity: none, busy: new Set() };
}

async function certified({ ports, agents: holders }: AgentsOrder): Promise<Agent[]> {
  const all = holders.map((holder) => agentOf(ports, holder));
  // One after the other: those of one address have a rate in common.
  for (const agent of all)
    if ((await actUntilDone(agent, 'attest')) === undefined)
      throw new Error(`${agent.identity.node} gets no certificate: ${Object.keys(failures).join(', ')}`);
  return all;
}

const kinds: readonly AgentAct[] = ['attest', 'renew', 'open a stream'];

serveCalls({
  async open(order) {
    agents = await certified(order);
    return agents.map(({ identity }) => identity);
  },
  async replace(order) {
    const [replaced] = await certified(order);
    if (replaced === undefined) throw new Error('nobody is to be replaced');
    agents = agents.map((agent) => (agent.identity.node === replaced.identity.node ? replaced : agent));
    return replaced.identity;
  },
  begin() {
    failures = {};
    stop = new AbortController();
    acting = kinds.map((kind) => keepActing(kind, stop.signal));
  },
  async end(): Promise<AgentsSeen> {
    stop.abort();
    const [attested = [], renewed = [], opened = []] = await Promise.all(acting);
    return { attested, renewed, opened, failures };
  },
  async once() {
    const failed: string[] = [];
    for (const agent of agents.slice(0, 2))
      for (const kind of kinds) {
        const failure = await tryOnce(agent, kind);
        if (failure !== '') failed.push(`${agent.identity.node}: ${kind}: ${failure}`);
      }
    return failed.join('; ');
  },
  async attempt(order) {
    try {
      const identity = await act(order);
      return { failure: '', ...(identity && { identity }) };
    } catch (error) {
      return { failure: describe(error) };
    }
  },
  async hold(order) {
    held = (await holdStream(order)).ended;
  },
  held: (withinMs) =>
    Promise.race([held, new Promise<string>((resolve) => setTimeout(resolve, withinMs, ''))]),
} satisfies AgentsCalls);
