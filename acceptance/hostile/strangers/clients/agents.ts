// Stand-ins for agents that attest, renew and open streams repeatedly.
import { createBackoff } from '@rolegate/runtime';
import type { NodeIdentity } from '../../cluster/calls.ts';
import { serveCalls } from '../../../processes/serve-calls.ts';
import { paced } from '../../cluster/clients/pace.ts';
import type {
  AgentAction,
  AgentsCalls,
  AgentsOptions,
  AgentsResult,
  AgentAttempt,
  ServerPorts,
} from '../calls.ts';
import { attest, holdStream, openStream, renew } from './agent-calls.ts';

/** The agent's back-off. Milliseconds. */
const BACKOFF = { firstMs: 1_000, capMs: 30_000 };
/** After this an action is treated as failed. Milliseconds. */
const PATIENCE_MS = 20_000;
/** Rates for all agents together. */
const PER_SECOND: Readonly<Record<AgentAction, number>> = { attest: 8, renew: 6, 'open a stream': 4 };

interface Agent {
  readonly try: Omit<AgentAttempt, 'action'>;
  identity: NodeIdentity;
  readonly busy: Set<AgentAction>;
}

let agents: Agent[] = [];
let failures: Record<string, number> = {};
let stop = new AbortController();
let held = Promise.resolve('');
let running: Promise<(number | undefined)[]>[] = [];

/** Resolves to the new certificate, if any. */
function perform(attempt: AgentAttempt): Promise<NodeIdentity | undefined> {
  if (attempt.action === 'attest') return attest(attempt);
  return attempt.action === 'renew' ? renew(attempt) : openStream(attempt);
}

/** Retries with an agent's back-off. Resolves to the duration, or to undefined after `PATIENCE_MS`. */
async function actUntilDone(agent: Agent, action: AgentAction): Promise<number | undefined> {
  const backoff = createBackoff(BACKOFF);
  const startMs = performance.now();
  agent.busy.add(action);
  try {
    for (;;) {
      const failure = await tryOnce(agent, action);
      const tookMs = performance.now() - startMs;
      if (failure === '') return tookMs;
      const error = `${action}: ${failure}`;
      failures[error] = (failures[error] ?? 0) + 1;
      const pauseMs = backoff.next();
      if (tookMs + pauseMs > PATIENCE_MS) return undefined;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  } finally {
    agent.busy.delete(action);
  }
}

async function tryOnce(agent: Agent, action: AgentAction): Promise<string> {
  try {
    const identity = await perform({ ...agent.try, identity: agent.identity, action });
    if (identity !== undefined) agent.identity = identity;
    return '';
  } catch (error) {
    return describe(error);
  }
}

function describe(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 120);
}

/** Lets the next agent act that is not busy with the same action. */
async function keepActing(action: AgentAction, signal: AbortSignal): Promise<(number | undefined)[]> {
  const all: Promise<number | undefined>[] = [];
  const pace = { perSecond: PER_SECOND[action], shouldContinue: () => !signal.aborted };
  await paced(pace, (turn) => {
    const from = turn % agents.length;
    const inTurn = agents.slice(from).concat(agents.slice(0, from));
    const free = inTurn.find(({ busy }) => !busy.has(action));
    if (free !== undefined) all.push(actUntilDone(free, action));
  });
  return Promise.all(all);
}

function agentOf(ports: ServerPorts, agentToken: AgentAttempt['agentToken']): Agent {
  const none = { node: agentToken.node, address: agentToken.address, cert: '', key: '' };
  return { try: { ports, agentToken }, identity: none, busy: new Set() };
}

async function certified({ ports, agents: agentTokens }: AgentsOptions): Promise<Agent[]> {
  const all = agentTokens.map((agentToken) => agentOf(ports, agentToken));
  // Sequential: agents that share an address share its rate limit.
  for (const agent of all)
    if ((await actUntilDone(agent, 'attest')) === undefined)
      throw new Error(`${agent.identity.node} got no certificate: ${Object.keys(failures).join(', ')}`);
  return all;
}

const actions: readonly AgentAction[] = ['attest', 'renew', 'open a stream'];

serveCalls({
  async open(options) {
    agents = await certified(options);
    return agents.map(({ identity }) => identity);
  },

  begin() {
    failures = {};
    stop = new AbortController();
    running = actions.map((action) => keepActing(action, stop.signal));
  },
  async end(): Promise<AgentsResult> {
    stop.abort();
    const [attested = [], renewed = [], opened = []] = await Promise.all(running);
    return { attested, renewed, opened, failures };
  },
  async once() {
    const failed: string[] = [];
    for (const agent of agents.slice(0, 2))
      for (const action of actions) {
        const failure = await tryOnce(agent, action);
        if (failure !== '') failed.push(`${agent.identity.node}: ${action}: ${failure}`);
      }
    return failed.join('; ');
  },
  async attempt(attempt) {
    try {
      const identity = await perform(attempt);
      return { failure: '', ...(identity && { identity }) };
    } catch (error) {
      return { failure: describe(error) };
    }
  },
  async hold(attempt) {
    held = (await holdStream(attempt)).ended;
  },
  held: (withinMs) =>
    Promise.race([held, new Promise<string>((resolve) => setTimeout(resolve, withinMs, ''))]),
} satisfies AgentsCalls);
