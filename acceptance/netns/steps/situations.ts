import { eventually } from '@rolegate/testing';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { expectAnswers } from '../checks.ts';
import type { Expected } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';

interface Situation {
  readonly name: string;
  /** Runs before the Pods send requests. */
  readonly first?: (world: NetnsWorld) => Promise<void>;
  readonly expected: Expected;
}

/** Time for the answers to reflect a program's end or start. */
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
    name: 'everything is killed at the same time',
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
    title: `No Pod reads the node's metadata while ${name}`,
    async run(world) {
      await first?.(world);
      // Nothing may leak during the transition; afterwards the answers must be as expected.
      await expectAnswers(world, 'anything');
      await eventually(() => expectAnswers(world, expected), SOON);
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
  for (; !isOver || times === 0; times++) await expectAnswers(world, 'anything');
  await ready;
  await eventually(() => expectAnswers(world, 'as up'), SOON);
  return `${times} rounds of requests`;
}

/** Every Pod requests both paths over both families in every situation. */
export const situationSteps = [
  ...inMode('rules only', [
    inSituation({ name: 'the rules are installed and nothing runs yet', expected: 'no agent' }),
  ]),
  ...inMode('up', situations.map(inSituation)),
  ...inMode('rules only', [
    { title: "No Pod reads the node's metadata while the system starts", run: askWhileStarting },
  ]),
];
