import { families, PATHS, sendFrom, sentTo } from '../asking.ts';
import { httpRequest } from '../pod-orders.ts';
import { inMode } from '../step.ts';
import { expectNone, podNamed, sentinelFaults } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';
import { inUrl, METADATA } from '../../network/addresses.ts';

/** Whom other tools lead nowhere while there are no rules of Rolegate's. */
const PODS = ['permitted-eni', 'permitted-bridge'];
/** Longer than `intercept` takes on a busy machine. Milliseconds. */
const PAUSE_MS = 6_000;
const SILENCE_MS = 1_000;

const sent = families.flatMap((family) =>
  PATHS.map((target) =>
    sentTo(family, target, httpRequest({ target, host: inUrl(METADATA[family]), connection: 'keep-alive' })),
  ),
);

/** A flow that is there before the rules passes by nat: it must not go on. */
export const keptConnectionSteps = inMode('uninstalled', [
  {
    title: 'a connection from before the rules gives nothing once they are installed',
    async run(world) {
      const asking = Promise.all(PODS.map((name) => askTwice(world, name)));
      const [faults] = await Promise.all([asking, layInTime(world)]);
      expectNone(faults.flat());
    },
  },
]);

async function askTwice(world: NetnsWorld, name: string): Promise<string[]> {
  const order = { kind: 'kept', sent, pauseMs: PAUSE_MS, silenceMs: SILENCE_MS } as const;
  const came = await sendFrom(podNamed(world, name).enter, order);
  const unasked = came
    .filter(({ end }) => end === 'unasked')
    .map((one) => `${one.name} was not answered at first`);
  return [...sentinelFaults(came), ...unasked].map((fault) => `${name}: ${fault}`);
}

/** After the first answers and before the second questions. */
async function layInTime({ state }: NetnsWorld): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, SILENCE_MS));
  const startMs = Date.now();
  await state.once('intercept');
  if (Date.now() - startMs > PAUSE_MS - SILENCE_MS)
    throw new Error('proves nothing: the rules came too late');
}
