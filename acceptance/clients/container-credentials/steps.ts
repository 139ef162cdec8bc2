import type { Client } from '../client.ts';
import { asUsual } from '../phase.ts';
import type { ClientStep, Phase } from '../phase.ts';
import { refusedProblems, servedProblems, tellsToken } from './judge.ts';
import { podKinds } from './pods.ts';
import type { PodKind } from './pods.ts';
import { failureNames, failures, statusOf } from './situations.ts';
import type { FailureName } from './situations.ts';
import { tryAlone, tryClient, tryWithProxy } from './trial.ts';
import type { Trial } from './trial.ts';
import type { ClientsWorld } from '../world.ts';

/** Longer than a session: what a client has by then has expired. Seconds. */
const SESSION_SECONDS = 12;
const ASK_AGAIN_SECONDS = 13;
/** They mostly sleep. */
const RENEWING_AT_ONCE = 6;
/** So short that the answer is immediate. Milliseconds. */
const NO_HOLD_MS = 1;

export interface PhasesOptions {
  readonly clients: readonly Client[];
  /** True: tries only one refusal, and that only in ordinary Pods. */
  readonly short: boolean;
}

/** The phases with clients that can have container credentials. */
/** The failures that are tried with the usual hold. The short form leaves out refusals that are the same to clients. */
function heldFailures(short: boolean): readonly FailureName[] {
  return short ? ['401', 'held'] : failureNames.filter((name) => name !== '503');
}

/** One refusal and one failure are tried in host-network Pods too, where the metadata API is the node's. */
const failuresOnHost: readonly FailureName[] = ['403', 'held'];

export function containerPhasesOf({ clients: all, short }: PhasesOptions): readonly Phase[] {
  const clients = all.filter(({ withoutContainer }) => withoutContainer !== true);
  return [
    {
      begin: asUsual,
      steps: clients.flatMap((client) => [
        ...podKinds.map((kind) => servedStep(client, kind)),
        ...heldFailures(short).map((name) => refusedStep(client, 'ordinary', name)),
        ...(short ? [] : failuresOnHost).map((name) => refusedStep(client, 'host-network', name)),
        proxiedStep(client),
        exceptedStep(client),
      ]),
      atOnce: 1,
    },
    {
      begin: ({ standIns }) => standIns.call({ do: 'limit-sessions', seconds: SESSION_SECONDS }),
      steps: clients
        .filter(({ needsLongSessions }) => needsLongSessions === undefined)
        .flatMap((client) =>
          podKinds.filter((kind) => getsOwn(client, kind)).map((kind) => renewedStep(client, kind)),
        ),
      atOnce: RENEWING_AT_ONCE,
    },
    {
      begin: ({ endpoint }) => endpoint.restartAgent(['--hold', `${NO_HOLD_MS}ms`]),
      steps: clients.map((client) => refusedStep(client, 'ordinary', '503')),
      atOnce: 1,
    },
  ];
}

/** False where a client gets the node's credentials, whose end the node's metadata API decides. */
function getsOwn({ readsVariables }: Client, kind: PodKind): boolean {
  return readsVariables !== false || kind === 'ordinary';
}

const inWords: Readonly<Record<PodKind, string>> = {
  ordinary: 'an ordinary Pod',
  'host-network': 'a host-network Pod',
};

function servedStep(client: Client, kind: PodKind): ClientStep {
  return {
    title: `${client.name} gets credentials in ${inWords[kind]} and calls GetCallerIdentity`,
    async run(world) {
      const trial = await tryAlone(world, { client, kind, situation: 'served' });
      return judged(world, trial, servedProblems(trial, 1));
    },
  };
}

function renewedStep(client: Client, kind: PodKind): ClientStep {
  return {
    title: `${client.name} fetches new credentials in ${inWords[kind]} when its session has ended`,
    async run(world) {
      const options = { client, kind, situation: 'renewed', againAfter: ASK_AGAIN_SECONDS } as const;
      const trial = await tryClient(world, options);
      const [first, second] = trial.seen;
      const same = first?.ok === true && first.accessKeyId === second?.accessKeyId;
      const problems = same ? ['used the same key again'] : [];
      return judged(world, trial, [...servedProblems(trial, 2), ...problems]);
    },
  };
}

function refusedStep(client: Client, kind: PodKind, situation: FailureName): ClientStep {
  return {
    title: `${client.name} in ${inWords[kind]} gets no other credentials after ${failures[situation].title}`,
    async run(world) {
      const trial = await tryAlone(world, { client, kind, situation });
      return judged(world, trial, refusedProblems(trial, statusOf(situation)));
    },
  };
}

/** Whether the proxy gets the token is reported and not judged. */
function proxiedStep(client: Client): ClientStep {
  return {
    title: `${client.name} runs in a Pod with an HTTP proxy`,
    async run(world) {
      const trial = await tryWithProxy(world, { client, kind: 'ordinary', situation: 'proxied' });
      await judged(world, trial, []);
      return trial.tokensToProxy === 0 ? 'does not use it for its token' : 'sends its token to it';
    },
  };
}

function exceptedStep(client: Client): ClientStep {
  return {
    title: `${client.name} gets credentials past the HTTP proxy if NO_PROXY names both endpoints`,
    async run(world) {
      const trial = await tryWithProxy(world, { client, kind: 'ordinary', situation: 'excepted' });
      const sent = trial.tokensToProxy === 0 ? [] : ['sent its token to the proxy'];
      return judged(world, trial, [...servedProblems(trial, 1), ...sent]);
    },
  };
}

/** Adds the trial to the tables. Throws if there are problems. */
async function judged(world: ClientsWorld, trial: Trial, problems: readonly string[]): Promise<string> {
  world.trials.push(trial);
  const { token } = await world.pods.find(trial.kind, trial.situation);
  const told = trial.seen.some(({ error }) => tellsToken(error, token))
    ? ['showed the token in its error']
    : [];
  const all = [...problems, ...told];
  if (all.length > 0) throw new Error(all.join('; '));
  const { containerCredentials, metadata } = trial.answers ?? {};
  const last = trial.seen.at(-1);
  return [
    containerCredentials === undefined ? [] : [`${containerCredentials} + ${String(metadata)} requests`],
    last === undefined ? [] : [`${last.tookMs} ms`],
    last === undefined || last.ok ? [] : [last.error.replaceAll('\n', ' ').slice(0, 200)],
  ]
    .flat()
    .join(', ');
}
