import { eventually } from '@rolegate/testing';
import { createApiServer } from '../api-server.ts';
import type { ApiObject, ApiServer } from '../api-server.ts';
import { may } from '../charts/rbac.ts';
import type { ClusterStep, ClusterWorld } from '../world.ts';
import { pluginCommands } from './commands.ts';
import type { PluginCommand } from './commands.ts';
import { execVerbs } from './exec-verbs.ts';
import { createRolegatePods } from './rolegate-pods.ts';
import type { PluginPods } from './rolegate-pods.ts';
import { grant, grantedBy, roleFile } from './role-file.ts';
import { missingRights, runPlugin } from './run-plugin.ts';

const IN_FORCE = { withinMs: 20_000, everyMs: 50 };
const EXEC = 'pods/exec';
/** Negative, because doctor finds errors here, and incomplete. */
const FAILED = [1, 3];

/**
 * Runs each command of the plugin as a user who has its roles, and as users who lack one of its rights or all. No kubelet runs
 * programs here: pods/exec fails in another way once it is authorized.
 */
export async function pluginSteps(world: ClusterWorld): Promise<ClusterStep[]> {
  const { kubeConfig, kubeconfig, run, stack } = world;
  const api = createApiServer(kubeConfig);
  const pods = await createRolegatePods(world, stack);
  const deps = { api, kubeconfig, pods, run, execVerbs: await execVerbs(api) };
  return pluginCommands(pods.pod).flatMap((command) => commandSteps(command, deps));
}

interface Deps {
  readonly api: ApiServer;
  readonly kubeconfig: string;
  readonly pods: PluginPods;
  readonly run: string;
  /** What this API server asks for. */
  readonly execVerbs: readonly string[];
}

function commandSteps(command: PluginCommand, deps: Deps): ClusterStep[] {
  const { name, files, shows, withoutAny, unasked = [] } = command;
  const { namespace } = deps.pods;
  const objects = files.flatMap((file) => roleFile(file, namespace));
  const all = [...grantedBy(objects).keys()];
  const expect = (without: readonly string[], missing: readonly string[]) =>
    expectMissing({ command, objects, without, missing }, deps);
  return [
    {
      title: `With its roles of deploy/, kubectl rolegate ${name} lacks no right`,
      async run() {
        const text = await expect([], []);
        if (!shows.test(text)) throw new Error(`it does not show ${String(shows)}: ${text}`);
      },
    },
    ...all
      .filter((right) => !unasked.includes(asNamed(right)) && isAsked(right, deps.execVerbs))
      .map((right) => ({
        title: `Without ${right.replace(namespace, 'rolegate')}, kubectl rolegate ${name} names that right and no other`,
        async run() {
          await expect([right], [asNamed(right)]);
        },
      })),
    {
      title: `Without any right, kubectl rolegate ${name} names what it lacks, each right once`,
      async run() {
        await expect(all, withoutAny);
      },
    },
  ];
}

interface Trial {
  readonly command: PluginCommand;
  readonly objects: readonly ApiObject[];
  /** Rights of the roles that are left out. */
  readonly without: readonly string[];
  /** Rights that the command must name. */
  readonly missing: readonly string[];
}

/** Returns what the command printed. */
async function expectMissing(
  { command, objects, without, missing }: Trial,
  { api, kubeconfig, pods, run }: Deps,
): Promise<string> {
  const user = [command.name, ...without.slice(0, 2), run].join('-').replaceAll(/[^a-z0-9]+/g, '-');
  await using stack = new AsyncDisposableStack();
  stack.use(await grant({ api, objects, user, without }));
  await eventually(async () => {
    for (const [words, right] of grantedBy(objects))
      if ((await may(api, { user, groups: [] }, right)) === without.includes(words))
        throw new Error(`the roles are not in force: ${words}`);
  }, IN_FORCE);
  await pods.prepare();
  const named = new Set<string>();
  const texts: string[] = [];
  for (const line of command.lines) {
    const { code, stdout, stderr } = await runPlugin(
      [...line, '--as', user, '--rolegate-namespace', pods.namespace],
      kubeconfig,
    );
    const rights = missingRights(stderr);
    const text = `${line.join(' ')} exits with ${code ?? 'a signal'}: ${stderr}${stdout}`;
    if (stderr.split('\n').length !== new Set(stderr.split('\n')).size)
      throw new Error(`it repeats itself: ${text}`);
    if (rights.length > 0 && code !== undefined && !FAILED.includes(code)) throw new Error(text);
    for (const right of rights) named.add(right);
    texts.push(text);
  }
  const [is, wanted] = [[...named].sort().join(', '), missing.toSorted().join(', ')];
  if (is !== wanted)
    throw new Error(`it names ${is || 'none'}, not ${wanted || 'none'}: ${texts.join('\n')}`);
  return texts.join('\n');
}

function isAsked(right: string, verbs: readonly string[]): boolean {
  const [verb = '', resource] = right.split(' ');
  return resource !== EXEC || verbs.includes(verb);
}

/** As the plugin names it, without Namespace and name. */
function asNamed(right: string): string {
  const [verb = '', resource = ''] = right.split(' ');
  return resource === EXEC ? `get and create ${EXEC}` : `${verb} ${resource}`;
}
