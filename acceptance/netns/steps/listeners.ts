import { eventually } from '@rolegate/testing';
import { readAgentMetric } from '../agent-metrics.ts';
import { hammerFrom, podRequest } from '../send-from-pod.ts';
import { unprivileged } from '../node-programs.ts';
import type { AgentName } from '../node-programs.ts';
import { httpRequest } from '../pod-tasks.ts';
import { AGENT_USER } from '../program-flags.ts';
import { inMode, withNft } from '../step.ts';
import { podNamed } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { NODE, PORTS } from '../../network/addresses.ts';
import { startScript } from '../../processes/start-script.ts';

const FOREIGN_MESSAGE = 'foreign listener on an agent port';
const WAITING_MESSAGE = 'port in use; waiting for it';
/** `reconcile` checks every 10 s and reports what it finds twice. Milliseconds. */
const SOON = { withinMs: 30_000, everyMs: 250 };
const LOOKS_MS = 25_000;
const FOREIGN = { address: NODE.ipv4, port: PORTS.agent, uid: AGENT_USER };
/** Requests that may be lost while a port changes owners: 20 ms on a busy machine. */
const MOST_LOST = 20;
const LEAST_ASKED = 200;
/** The Pods' port on both addresses, and the ops port. */
const PORTS_OF_AGENT = 3;
const HIJACKED = 'answered by another program';
const HAMMER_MS = 6_000;
const LIST = '/latest/meta-data/iam/security-credentials/';

/** Other listeners on the agent's ports: attack N7 on version 0.1, and upgrades from it. */
export const listenerSteps = withNft([
  ...inMode('up', [
    {
      title: 'Two agents of a surge upgrade share the port, and neither is reported as foreign',
      async run(world) {
        const from = world.lines.length;
        for (const name of ['second reconcile', 'second agent'] as const)
          await world.state.start(name).ready();
        await sleep(LOOKS_MS);
        const seen = await Promise.all(
          (['agent', 'second agent'] as const).map((name) => foreignOf(world, name)),
        );
        const logged = linesSince(world, from, FOREIGN_MESSAGE);
        if (JSON.stringify(seen) !== '[[],[]]' || logged.length > 0)
          throw new Error(`reported as foreign: ${JSON.stringify(seen)} ${logged.join(' ')}`);
      },
    },
    {
      title:
        "A foreign listener of the agent's user gets connections, and its start and end are logged, counted and shown within 30 s",
      async run(world) {
        const from = world.lines.length;
        const through = [...world.node, ...unprivileged(AGENT_USER)];
        const args = [NODE.ipv4, String(PORTS.agent), HIJACKED];
        const script = new URL('../foreign-listener.ts', import.meta.url);
        const foreign = await startScript(through, script, args);
        const startMs = Date.now();
        const reported = (async () => {
          await expectHijacked(world);
          await eventually(() => expectReported(world, from, [FOREIGN]), SOON);
          return `reported after ${Math.round((Date.now() - startMs) / 1000)} s`;
        })();
        const summary = await reported.finally(foreign.stop);
        await eventually(() => expectReported(world, from, []), SOON);
        return summary;
      },
    },
  ]),
  ...inMode('rules only', [
    {
      title:
        'An agent that starts next to one of another user counts as started, and takes over the ports when the other stops',
      async run(world) {
        const { state } = world;
        for (const name of ['server', 'reconcile', 'agent 0.1'] as const) await state.start(name).ready();
        const there = await takeOver(world, { from: 'agent 0.1', to: 'second agent' });
        const back = await takeOver(world, { from: 'second agent', to: 'agent 0.1' });
        return `${there} lost during the takeover, ${back} on the way back`;
      },
    },
  ]),
]);

interface TakeOver {
  readonly from: AgentName;
  readonly to: AgentName;
}

/** Switches agents while a Pod sends requests. Returns how many were lost. */
async function takeOver(world: NetnsWorld, { from, to }: TakeOver): Promise<string> {
  const { state } = world;
  const line = world.lines.length;
  if (to === 'second agent') await state.start('second reconcile').ready();
  await state.start(to).ready();
  if (linesSince(world, line, WAITING_MESSAGE).length === 0)
    throw new Error(`${to} did not log that it waits`);
  const hammering = hammer(world, HAMMER_MS);
  await sleep(HAMMER_MS / 3);
  await state.running(from).stop();
  const { asked, ends } = await hammering;
  const lost = asked - (ends['200'] ?? 0);
  if (lost > MOST_LOST || asked < LEAST_ASKED)
    throw new Error(`${lost} of ${asked} lost: ${JSON.stringify(ends)}`);
  const taken = linesSince(world, line, 'port acquired').length;
  if (taken < PORTS_OF_AGENT) throw new Error(`${to} took over ${taken} ports`);
  return `${lost} of ${asked}`;
}

/** A Pod requests its role with four workers, below the connection limit. */
function hammer({ pods }: NetnsWorld, forMs: number): ReturnType<typeof hammerFrom> {
  const permitted = podNamed({ pods }, 'permitted');
  const requests = [podRequest('ipv4', LIST, httpRequest({ target: LIST, host: '169.254.169.254' }))];
  return hammerFrom(permitted.enter, { requests, atOnce: 4, forMs, pauseMs: 20, forbidden: [HIJACKED] });
}

/** The foreign listener must really get connections. */
async function expectHijacked(world: NetnsWorld): Promise<void> {
  const { asked, forbidden } = await hammer(world, 1_000);
  if (forbidden.length === 0) throw new Error(`proves nothing: none of ${asked} requests was hijacked`);
}

/** Checks the log, the metrics and the status. */
async function expectReported(world: NetnsWorld, from: number, foreign: readonly object[]): Promise<void> {
  const seen = JSON.stringify(await foreignOf(world, 'agent'));
  if (seen !== JSON.stringify(foreign)) throw new Error(`status: ${seen}`);
  const counted = await readAgentMetric(world, 'rolegate_foreign_listeners');
  if (counted !== foreign.length) throw new Error(`rolegate_foreign_listeners is ${String(counted)}`);
  const logged = linesSince(
    world,
    from,
    foreign.length === 0 ? `${FOREIGN_MESSAGE} closed` : FOREIGN_MESSAGE,
  );
  if (logged.length !== 1 || !logged[0]?.includes(`"uid":${AGENT_USER}`))
    throw new Error(`logged: ${logged.join(' ')}`);
}

async function foreignOf({ programs }: NetnsWorld, name: AgentName): Promise<unknown> {
  const { ports } = JSON.parse(await programs.agentStatus(name, '/status?json')) as {
    ports: { foreignListeners?: unknown };
  };
  return ports.foreignListeners;
}

function linesSince({ lines }: NetnsWorld, from: number, message: string): readonly string[] {
  return lines.slice(from).flatMap(({ line }) => (line.includes(`"msg":"${message}"`) ? [line] : []));
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
