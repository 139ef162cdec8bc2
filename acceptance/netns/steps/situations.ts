import { eventually } from '@rolegate/testing';
import { askEverywhere } from '../every-pod.ts';
import type { ModeName } from '../modes.ts';
import type { Scene, Step } from '../step.ts';
import type { Expected } from '../verdicts.ts';

interface Situation {
  readonly name: string;
  readonly mode: ModeName;
  /** Happens before the Pods ask. */
  readonly first?: (scene: Scene) => Promise<void>;
  readonly expected: Expected;
}

/** Programs that are just dead or back; none needs longer to be told of. */
const SOON = { withinMs: 8_000, everyMs: 200 };

const situations: readonly Situation[] = [
  { name: 'the rules are laid and nothing runs yet', mode: 'laid', expected: 'no agent' },
  { name: 'the system is up', mode: 'up', expected: 'as up' },
  {
    name: 'the server is stopped',
    mode: 'up',
    first: ({ state }) => state.running('server').stop(),
    expected: 'as up',
  },
  {
    name: 'the server is killed',
    mode: 'up',
    first: ({ state }) => state.running('server').kill(),
    expected: 'as up',
  },
  {
    name: 'the agent is stopped',
    mode: 'up',
    first: ({ state }) => state.running('agent').stop(),
    expected: 'no agent',
  },
  {
    name: 'the agent is killed',
    mode: 'up',
    first: ({ state }) => state.running('agent').kill(),
    expected: 'no agent',
  },
  {
    name: 'reconcile is stopped',
    mode: 'up',
    first: ({ state }) => state.running('reconcile').stop(),
    expected: 'as up',
  },
  {
    name: 'reconcile is killed',
    mode: 'up',
    first: ({ state }) => state.running('reconcile').kill(),
    expected: 'as up',
  },
  {
    name: 'everything is killed at once',
    mode: 'up',
    async first({ state }) {
      await Promise.all(
        (['server', 'reconcile', 'agent'] as const).map((name) => state.running(name).kill()),
      );
    },
    expected: 'no agent',
  },
];

/** Every Pod makes the two calls, by both families, in every situation. */
export const situationSteps: readonly Step[] = [
  ...situations.map(({ name, mode, first, expected }): Step => ({
    name: `no Pod reads anything of the node's while ${name}`,
    mode,
    async run(scene) {
      await first?.(scene);
      // At the very moment nothing may leak; a moment later it is as it must be.
      await askEverywhere(scene, 'anything');
      await eventually(() => askEverywhere(scene, expected), SOON);
      return undefined;
    },
  })),
  {
    name: "no Pod reads anything of the node's while the system starts",
    mode: 'laid',
    async run(scene) {
      const started = (['agent', 'reconcile', 'server'] as const).map((name) => scene.state.start(name));
      const ready = Promise.all(started.map((program) => program.ready()));
      let [isOver, times] = [false, 0];
      const over = () => {
        isOver = true;
      };
      ready.then(over, over);
      for (; !isOver || times === 0; times++) await askEverywhere(scene, 'anything');
      await ready;
      await eventually(() => askEverywhere(scene, 'as up'), SOON);
      return `asked ${times} times`;
    },
  },
];
