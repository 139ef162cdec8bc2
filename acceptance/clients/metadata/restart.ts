import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Client } from '../client.ts';
import type { Phase } from '../phase.ts';
import type { ClientsWorld } from '../world.ts';
import { judged } from './judged.ts';
import { openMovedClock, prepareMovedClock } from './moved-clock.ts';
import type { MovedClock } from './moved-clock.ts';
import { metadataSituations } from './situations.ts';
import { runMetadataClient } from './trial.ts';
import type { MetadataTrial } from './trial.ts';

/** Clients that run when the agent is restarted. They mostly sleep. */
const AT_ONCE = 6;
/** Seconds. */
const SESSION_SECONDS = 12;
/** Longer than a session, and long enough for all to have asked once before the agent is restarted. Seconds. */
const ASK_AGAIN_SECONDS = 30;
/** The reader of packets can be this late, so a request just before the restart would count as one during it. Milliseconds. */
const READER_LATE_MS = 200;
/** Beyond what botocore makes of a session that ends soon, which is 12 to 20 minutes. */
const MOVED_ON = '+30m';

/** Each client asks, the agent is restarted, and it asks again when its session has ended. */
export function restartPhases(clients: readonly Client[]): Phase[] {
  const batches = Array.from({ length: Math.ceil(clients.length / AT_ONCE) }, (_, at) =>
    clients.slice(at * AT_ONCE, (at + 1) * AT_ONCE),
  );
  return batches.map((batch) => {
    const trials = new Map<Client, Promise<MetadataTrial>>();
    return {
      begin: async (world) => {
        await world.standIns.call({ do: 'limit-sessions', seconds: SESSION_SECONDS });
        // With its default flags.
        await world.endpoint.restartAgent();
        await runAcrossRestart(world, batch, trials);
      },
      steps: batch.map((client) => ({
        title: `${client.name} ${metadataSituations.restart.title}`,
        run: async (all) => {
          const trial = await trials.get(client);
          if (trial === undefined) throw new Error('was not run');
          return judged(all, trial);
        },
      })),
      atOnce: 1,
    };
  });
}

/** A client that runs. */
interface Running {
  readonly clock: MovedClock | undefined;
  /** When it has reported its first outcome, or has ended. */
  readonly asked: Promise<unknown>;
  readonly trial: Promise<MetadataTrial>;
}

async function runAcrossRestart(
  world: ClientsWorld,
  batch: readonly Client[],
  trials: Map<Client, Promise<MetadataTrial>>,
): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const restarted = Promise.withResolvers<MetadataTrial['restart']>();
  const running: Running[] = [];
  for (const client of batch) {
    const started = startClient(world, { client, restarted: restarted.promise }, stack);
    const trial = started.then((one) => one.trial);
    // Its step says why if it fails.
    trial.catch(() => undefined);
    trials.set(client, trial);
    const [outcome] = await Promise.allSettled([started]);
    if (outcome.status === 'fulfilled') running.push(outcome.value);
  }
  await Promise.all(running.map(({ asked }) => asked));
  await setTimeout(READER_LATE_MS);
  const beganMs = Date.now();
  await world.endpoint.restartAgent();
  restarted.resolve({ beganMs, endedMs: Date.now() });
  for (const { clock } of running) await clock?.moveOn(MOVED_ON);
  await Promise.allSettled(running.map(({ trial }) => trial));
}

/** Starts the client in a Pod of its own, which is removed with the stack. */
async function startClient(
  world: ClientsWorld,
  { client, restarted }: { readonly client: Client; readonly restarted: Promise<MetadataTrial['restart']> },
  stack: AsyncDisposableStack,
): Promise<Running> {
  const situation = metadataSituations.restart;
  const pod = stack.use(await world.metadataPods.open(situation));
  const clock = client.prolongs === true ? await openClock(world, client) : undefined;
  const asked = Promise.withResolvers<undefined>();
  const seen = runMetadataClient(world, {
    client,
    pod,
    situation,
    words: [String(ASK_AGAIN_SECONDS)],
    env: clock?.env ?? {},
    onOutput: () => {
      asked.resolve(undefined);
    },
  });
  const trial = seen.then(async (outcomes) => ({
    client,
    situation: 'restart' as const,
    seen: outcomes,
    packets: await pod.packets(),
    knownMs: pod.knownMs(),
    restart: await restarted,
  }));
  return { clock, asked: Promise.allSettled([Promise.race([asked.promise, seen])]), trial };
}

async function openClock({ folder }: ClientsWorld, { name }: Client): Promise<MovedClock> {
  const file = join(folder, `clock-${name.replaceAll(/[^a-z0-9]+/gi, '-')}`);
  return openMovedClock({ installed: await prepareMovedClock(), file });
}
