import { families, PATHS, sendFrom, podRequest } from '../send-from-pod.ts';
import { httpRequest } from '../pod-tasks.ts';
import { inMode } from '../step.ts';
import { expectNoProblems, podNamed, sentinelProblems } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { inUrl, METADATA } from '../../network/addresses.ts';

/** Pods whose traffic other tools do not redirect. */
const PODS = ['permitted-eni', 'permitted-bridge'];
/** Longer than `intercept` takes on a busy machine. Milliseconds. */
const PAUSE_MS = 6_000;
const SILENCE_MS = 1_000;

const requests = families.flatMap((family) =>
  PATHS.map((target) =>
    podRequest(
      family,
      target,
      httpRequest({ target, host: inUrl(METADATA[family]), connection: 'keep-alive' }),
    ),
  ),
);

/** The nat table ignores flows that existed before the rules; they must end. */
export const keptConnectionSteps = inMode('other tools only', [
  {
    title: 'A connection opened before the rules were installed returns nothing afterwards',
    async run(world) {
      const asking = Promise.all(PODS.map((name) => askTwice(world, name)));
      const [problems] = await Promise.all([asking, installInTime(world)]);
      expectNoProblems(problems.flat());
    },
  },
]);

async function askTwice(world: NetnsWorld, name: string): Promise<string[]> {
  const task = { kind: 'resend', requests, pauseMs: PAUSE_MS, silenceMs: SILENCE_MS } as const;
  const answers = await sendFrom(podNamed(world, name).enter, task);
  const unanswered = answers
    .filter(({ end }) => end === 'unanswered')
    .map((one) => `${one.name} got no answer before the rules`);
  return [...sentinelProblems(answers), ...unanswered].map((problem) => `${name}: ${problem}`);
}

/** After the first answers and before the second requests. */
async function installInTime({ state }: NetnsWorld): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  const startMs = Date.now();
  await state.once('intercept');
  if (Date.now() - startMs > PAUSE_MS - SILENCE_MS)
    throw new Error('proves nothing: the rules were installed too late');
}
