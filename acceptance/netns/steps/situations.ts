import { eventually } from '@rolegate/testing';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { askEverywhere } from '../verdicts.ts';
import type { Expected } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';

interface Situation {
  readonly name: string;
  /** Happens before the Pods ask. */
  readonly first?: (world: NetnsWorld) => Promise<void>;
  readonly expected: Expected;
}

/** Programs that are just dead or back; none needs longer to be told of. */
const SOON = { withinMs: 8_000, everyMs: 200 };

const situations: readonly Situation[] = [
  { name: 'the system is up', expected: 'as up' },
  {
    name: 'the server is stopped',
    first: ({ state }) => state.running('server').stop(),
    expected: 'as up',
  },
  {
    name: 'the server is killed',
    first: ({ state }) => state.running('server').kill(),
    expected: 'as up',
  },
  {
    name: 'the agent is stopped',
    first: ({ state }) => state.running('agent').stop(),
    expected: 'no agent',
  },
  {
    name: 'the agent is killed',
    first: ({ state }) => state.running('agent').kill(),
    expected: 'no agent',
  },
  {
    name: 'reconcile is stopped',
    first: ({ state }) => state.running('reconcile').stop(),
    expected: 'as up',
  },
  {
    name: 'reconcile is killed',
    first: ({ state }) => state.running('reconcile').kill(),
    expected: 'as up',
  },
  {
    name: 'everything is killed at once',
    async first({ state }) {
      await Promise.all(
        (['server', 'reconcile', 'agent'] as const).map((name) => state.running(name).kill()),
      );
    },
    expected: 'no agent',
  },
];

function inSituation({ name, first, expected }: Situation): NetnsStep {
  return {
    title: `no Pod reads anything of the node's while ${name}`,
    async run(world) {
      await first?.(world);
      // At the very moment nothing may leak; a moment later it is as it must be.
      await askEverywhere(world, 'anything');
      await eventually(() => askEverywhere(world, expected), SOON);
    },
  };
}

async function askWhileStarting(world: NetnsWorld): Promise<string> {
  const started = (['agent', 'reconcile', 'server'] as const).map((name) => world.state.start(name));
  const ready = Promise.all(started.map((program) => program.ready()));
  let [isOver, times] = [false, 0];
  const over = () => {
    isOver = true;
  };
  ready.then(over, over);
  for (; !isOver || times === 0; times++) await askEverywhere(world, 'anything');
  await ready;
  await eventually(() => askEverywhere(world, 'as up'), SOON);
  return `asked ${times} times`;
}

/** Every Pod makes the two calls, by both families, in every situation. */
export const situationSteps = [
  ...inMode('rules only', [
    inSituation({ name: 'the rules are installed and nothing runs yet', expected: 'no agent' }),
  ]),
  ...inMode('up', situations.map(inSituation)),
  ...inMode('rules only', [
    { title: "no Pod reads anything of the node's while the system starts", run: askWhileStarting },
  ]),
];
