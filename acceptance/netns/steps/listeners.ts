import { eventually } from '@rolegate/testing';
import { readAgentMetrics } from '../agent-metrics.ts';
import { hammerFrom, sentTo } from '../asking.ts';
import { unprivileged } from '../node-programs.ts';
import type { AgentName } from '../node-programs.ts';
import { httpRequest } from '../pod-orders.ts';
import { AGENT_USER } from '../program-flags.ts';
import { inMode, withNft } from '../step.ts';
import { podNamed } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';
import { NODE, PORTS } from '../../network/addresses.ts';
import { startScript } from '../../processes/start-script.ts';

const SAID = 'foreign listener on an agent port';
const HELD = 'port in use; waiting for it';
/** `reconcile` looks every 10 s, and twice. Milliseconds. */
const SOON = { withinMs: 30_000, everyMs: 250 };
const LOOKS_MS = 25_000;
const FOREIGN = { address: NODE.ipv4, port: PORTS.agent, uid: AGENT_USER };
/** What a Pod may lose while a port changes hands: 20 ms and a busy machine. */
const MOST_LOST = 20;
const LEAST_ASKED = 200;
/** That of Pods on both addresses, and that of its pages. */
const PORTS_OF_AGENT = 3;
const STOLEN = 'answered by a stranger';
const HAMMER_MS = 6_000;
const LIST = '/latest/meta-data/iam/security-credentials/';

/** Who listens on the agent's ports: row N7 of the attacks that broke 0.1, and its upgrade. The back end has no part in it. */
export const listenerSteps = withNft([
  ...inMode('up', [
    {
      title: 'two agents of a surge share the port, and neither is taken for foreign',
      async run(world) {
        const from = world.lines.length;
        for (const name of ['reconcile beside', 'agent beside'] as const)
          await world.state.start(name).ready();
        await sleep(LOOKS_MS);
        const seen = await Promise.all(
          (['agent', 'agent beside'] as const).map((name) => foreignOf(world, name)),
        );
        const said = linesSince(world, from, SAID);
        if (JSON.stringify(seen) !== '[[],[]]' || said.length > 0)
          throw new Error(`taken for foreign: ${JSON.stringify(seen)} ${said.join(' ')}`);
      },
    },
    {
      title:
        "a foreign listener of the agent's user gets connections, and is logged, counted and shown within 30 s, as is its end",
      async run(world) {
        const from = world.lines.length;
        const through = [...world.node, ...unprivileged(AGENT_USER)];
        const args = [NODE.ipv4, String(PORTS.agent), STOLEN];
        const script = new URL('../foreign-listener.ts', import.meta.url);
        const foreign = await startScript(through, script, args);
        const startMs = Date.now();
        const seen = (async () => {
          await expectStolen(world);
          await eventually(() => expectTold(world, from, [FOREIGN]), SOON);
          return `seen after ${Math.round((Date.now() - startMs) / 1000)} s`;
        })();
        const told = await seen.finally(foreign.stop);
        await eventually(() => expectTold(world, from, []), SOON);
        return told;
      },
    },
  ]),
  ...inMode('rules only', [
    {
      title:
        'an agent beside one of another user counts as started and takes the ports over when that one leaves',
      async run(world) {
        const { state } = world;
        for (const name of ['server', 'reconcile', 'agent of 0.1'] as const) await state.start(name).ready();
        const there = await takeOver(world, { from: 'agent of 0.1', to: 'agent beside' });
        const back = await takeOver(world, { from: 'agent beside', to: 'agent of 0.1' });
        return `${there} lost on the way there, ${back} on the way back`;
      },
    },
  ]),
]);

interface TakeOver {
  readonly from: AgentName;
  readonly to: AgentName;
}

/** While a Pod asks. How many of its requests were lost. */
async function takeOver(world: NetnsWorld, { from, to }: TakeOver): Promise<string> {
  const { state } = world;
  const line = world.lines.length;
  if (to === 'agent beside') await state.start('reconcile beside').ready();
  await state.start(to).ready();
  if (linesSince(world, line, HELD).length === 0) throw new Error(`${to} does not say that it waits`);
  const hammering = hammer(world, HAMMER_MS);
  await sleep(HAMMER_MS / 3);
  await state.running(from).stop();
  const { asked, ends } = await hammering;
  const lost = asked - (ends['200'] ?? 0);
  if (lost > MOST_LOST || asked < LEAST_ASKED)
    throw new Error(`${lost} of ${asked} lost: ${JSON.stringify(ends)}`);
  const taken = linesSince(world, line, 'port acquired').length;
  if (taken < PORTS_OF_AGENT) throw new Error(`${to} has taken over ${taken} ports`);
  return `${lost} of ${asked}`;
}

/** A Pod asks for its role, four times at once, within what an address may open. */
function hammer({ pods }: NetnsWorld, forMs: number): ReturnType<typeof hammerFrom> {
  const permitted = podNamed({ pods }, 'permitted');
  const sent = [sentTo('ipv4', LIST, httpRequest({ target: LIST, host: '169.254.169.254' }))];
  return hammerFrom(permitted.enter, { sent, atOnce: 4, forMs, pauseMs: 20, forbidden: [STOLEN] });
}

/** Else there is nothing that is worth being seen. */
async function expectStolen(world: NetnsWorld): Promise<void> {
  const { asked, forbidden } = await hammer(world, 1_000);
  if (forbidden.length === 0) throw new Error(`proves nothing: none of ${asked} requests was stolen`);
}

/** In the log, the metrics and the status. */
async function expectTold(world: NetnsWorld, from: number, foreign: readonly object[]): Promise<void> {
  const seen = JSON.stringify(await foreignOf(world, 'agent'));
  if (seen !== JSON.stringify(foreign)) throw new Error(`status: ${seen}`);
  const counted = (await readAgentMetrics(world.programs)).get('rolegate_foreign_listeners');
  if (counted !== foreign.length) throw new Error(`rolegate_foreign_listeners is ${String(counted)}`);
  const said = linesSince(world, from, foreign.length === 0 ? `${SAID} is gone` : SAID);
  if (said.length !== 1 || !said[0]?.includes(`"uid":${AGENT_USER}`))
    throw new Error(`said: ${said.join(' ')}`);
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
