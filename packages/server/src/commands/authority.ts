import { describeError, parseFlags, systemClock, toggle } from '@rolegate/runtime';
import type { Clock, Environment, FlagValues, Program } from '@rolegate/runtime';
import { serverFlags } from '../config/flags.ts';
import { bundleOf } from '../identity/authority/authorities.ts';
import { changeAuthorities, readAuthorities } from '../identity/authority/change.ts';
import type { AuthorityView } from '../identity/authority/change.ts';
import { removeAuthorities } from '../identity/authority/removal.ts';
import { createAuthorityStore } from '../identity/authority/store.ts';
import { createConnection } from '../kubernetes/api/connection.ts';
import type { Connection } from '../kubernetes/api/connection.ts';
import { loadKubeConfig } from '../kubernetes/api/kube-config.ts';

interface Where {
  readonly namespace: string;
  readonly name: string;
}

export interface AuthorityCommandDeps {
  /** The arguments after `authority`. */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** The Namespace of the Pod it runs in, if any; a flag overrides it. */
  readonly podNamespace?: string | undefined;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  /** For tests. Defaults to --kubeconfig or the Pod's ServiceAccount. */
  readonly connect?: (kubeconfigFile: string | undefined) => Promise<Connection>;
  readonly clock?: Clock;
}

const NAME = 'rolegate-server authority';
const GROUP = 'Authority';
const WORDS = ['status', 'prepare', 'activate', 'retire', 'delete'] as const;

const { kubeconfig, namespace, 'authority-secret': secret, 'authority-age': age } = serverFlags;
const flags = {
  kubeconfig,
  namespace,
  'authority-secret': secret,
  'authority-age': age,
  now: toggle({
    group: GROUP,
    help:
      'for a stolen key: do not wait until all agents trust the new authority or until certificates have expired; ' +
      'with delete: do not check whether a server restores the Secret',
  }),
};

const program: Program<typeof flags> = {
  name: `${NAME} status|prepare|activate|retire|delete`,
  summary:
    "shows the server's certificate authorities, replaces the active one in three steps (prepare, activate, retire), " +
    'or deletes all of them when no server is running',
  flags,
  legacy: {},
  envPrefix: 'ROLEGATE_',
};

/** Shows or changes the authorities in the Secret. Resolves with the exit code: 0 done, 1 refused or failed, 2 bad usage. */
export async function runAuthorityCommand(deps: AuthorityCommandDeps): Promise<0 | 1 | 2> {
  const { argv, env, stdout, stderr } = deps;
  const word = WORDS.find((known) => known === argv[0]);
  const outcome = parseFlags(program, { argv: word === undefined ? argv : argv.slice(1), env });
  // The server's other environment variables are expected here, so warnings about them are not shown.
  if (outcome.kind === 'help') stdout.write(outcome.text);
  if (outcome.kind === 'help' || outcome.kind === 'version') return 0;
  const faults = outcome.kind === 'faults' ? outcome.faults : [];
  if (outcome.kind === 'faults' || word === undefined) {
    const all = word === undefined ? [`missing command: use one of ${WORDS.join(', ')}`] : faults;
    stderr.write(all.map((fault) => `${NAME}: ${fault}\n`).join(''));
    return 2;
  }
  return perform(word, outcome.values, deps);
}

async function perform(
  word: (typeof WORDS)[number],
  values: FlagValues<typeof flags>,
  { stdout, stderr, podNamespace, connect = connectTo, clock = systemClock }: AuthorityCommandDeps,
): Promise<0 | 1 | 2> {
  const where = whereOf(values, podNamespace);
  if (where === undefined) {
    stderr.write(`${NAME}: --namespace is needed outside a Pod: the Namespace of the server\n`);
    return 2;
  }
  const stop = new AbortController();
  let connection: Connection | undefined;
  try {
    connection = await connect(values.kubeconfig);
    const store = createAuthorityStore({ connection, ...where, signal: stop.signal });
    const deps = { store, where, clock, ageMs: values['authority-age'] };
    if (word === 'status') {
      stdout.write(tableOf(await readAuthorities(deps), where));
      return 0;
    }
    const change = await (word === 'delete'
      ? removeAuthorities({ ...deps, atOnce: values.now })
      : changeAuthorities(word, { ...deps, atOnce: values.now }));
    (change.done ? stdout : stderr).write(
      change.done ? `${change.message}\n` : `${NAME}: ${change.message}\n`,
    );
    return change.done ? 0 : 1;
  } catch (error) {
    stderr.write(`${NAME}: ${describeError(error)}\n`);
    return 1;
  } finally {
    stop.abort();
    connection?.close();
  }
}

async function connectTo(kubeconfigFile: string | undefined): Promise<Connection> {
  return createConnection({ kubeConfig: await loadKubeConfig({ path: kubeconfigFile }), clock: systemClock });
}

function whereOf(values: FlagValues<typeof flags>, podNamespace: string | undefined): Where | undefined {
  const [name = '', namespace = values.namespace ?? podNamespace] = values['authority-secret']
    .split('/')
    .reverse();
  return namespace === undefined ? undefined : { namespace, name };
}

function tableOf({ authorities, generation, published }: AuthorityView, { namespace, name }: Where): string {
  const rows = authorities.all.map(({ id, state, sinceMs, endsMs }) => [
    id,
    state,
    isoOf(sinceMs),
    isoOf(endsMs),
  ]);
  const lines = [['ID', 'STATE', 'SINCE', 'ENDS'], ...rows].map(
    ([id = '', state = '', since = '', ends = '']) =>
      `${id.padEnd(18)}${state.padEnd(10)}${since.padEnd(26)}${ends}`.trimEnd(),
  );
  const state = published === bundleOf(authorities) ? 'contains' : 'does not match';
  return [
    ...lines,
    '',
    `Secret ${namespace}/${name} has generation ${generation}`,
    `ConfigMap ${namespace}/${name} ${state} these certificates`,
    '',
  ].join('\n');
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
