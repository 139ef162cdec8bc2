import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fencedBlocks, startSts } from '@rolegate/testing';
import type { FakeSts } from '@rolegate/testing';
import { IMAGES } from '../images.ts';
import { NAMESPACE } from '../installation.ts';
import { beforeInstalling, ofPods } from '../newcomer/errors.ts';
import type { Newcomer } from '../newcomer/errors.ts';
import { commandsOf } from '../newcomer/page-commands.ts';
import type { PageCommand } from '../newcomer/page-commands.ts';
import { createTerminal } from '../newcomer/terminal.ts';
import { required } from '../step.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { expectNoRules } from './uninstalling.ts';

const PAGE = new URL('../../../docs/getting-started.md', import.meta.url);

/** The getting-started page on a cluster, and the errors that its reader can make. Needs a release and an address for an STS. */
export function firstMinutes(world: NodeWorld): NodeStep[] {
  const { kubectl, installation, plugin, transcripts, standIns } = world;
  const { registry } = installation.charts;
  if (registry === undefined || standIns === undefined) return [];
  const opened = new AsyncDisposableStack();
  let newcomer: Newcomer | undefined;
  const open = async (): Promise<Newcomer> => {
    const folder = await mkdtemp(join(tmpdir(), 'rolegate-first-minutes-'));
    opened.defer(() => rm(folder, { recursive: true }));
    const sts = opened.use(await startSts({ host: standIns }));
    return { sts, terminal: createTerminal({ folder, env: { ...plugin.env, R: registry } }) };
  };
  return [
    required({
      title: 'helm and the plugin say what is wrong while a newcomer installs Rolegate',
      async run() {
        await kubectl.remove('namespace', NAMESPACE, 'demo');
        newcomer = await open();
        await beforeInstalling(newcomer);
        await kubectl.remove('namespace', NAMESPACE);
      },
    }),
    required({
      title: 'The commands of the getting-started page lead from a cluster to a denied and a permitted Pod',
      async run() {
        const startMs = Date.now();
        const { terminal, sts } = newcomer ?? (await open());
        const commands = fencedBlocks(await readFile(PAGE, 'utf8'), 'A cluster').flatMap(({ text }) =>
          commandsOf(text),
        );
        const known = commands.flatMap((command) => onThisNode(command, sts) ?? []);
        if (known.length < 14) throw new Error(`only ${known.length} commands on the page`);
        for (const { text, expected } of known) {
          const { code, output } = await terminal.enter(text);
          // It says no in both cases.
          const mayFail = expected !== undefined || text.startsWith('kubectl rolegate');
          if (code !== 0 && !(mayFail && code !== null)) throw new Error(`$ ${text}\n${output}`);
          if (expected !== undefined && !output.includes(expected))
            throw new Error(`$ ${text}\n${output}does not say ${expected}`);
        }
        return `${known.length} commands in ${Math.round((Date.now() - startMs) / 1_000)} s`;
      },
    }),
    {
      title: "explain, logs and Events say what is wrong with a newcomer's Pods",
      async run() {
        if (newcomer === undefined) throw new Error('nothing is installed');
        await ofPods(newcomer);
        await transcripts.check('newcomers-errors', newcomer.terminal.sessions);
      },
    },
    {
      title: 'After the first minutes, nothing is left behind',
      async run() {
        await opened.disposeAsync();
        await kubectl.remove('namespace', 'demo');
        await installation.uninstallRules();
        await expectNoRules(world);
        await installation.uninstall();
      },
    },
  ];
}

/**
 * The command with what differs here: IAM is the stand-in for STS, the release was made before, and images come from this
 * node. Undefined: nothing is left of it.
 */
function onThisNode({ text, expected }: PageCommand, sts: FakeSts): PageCommand | undefined {
  if (/^(aws iam |export R=|npm run release |install )/.test(text)) return undefined;
  const here = text
    .replace('AWS_ACCESS_KEY_ID=…', 'AWS_ACCESS_KEY_ID=AKIAROLEGATESERVER00')
    .replace('AWS_SECRET_ACCESS_KEY=…', 'AWS_SECRET_ACCESS_KEY=key')
    .replace(/^region: .*$/m, `$&\nsts: { endpoint: '${sts.url}' }`)
    .replace('--image=amazon/aws-cli', `--image=${IMAGES.client} --image-pull-policy=IfNotPresent`)
    .replace('--env=', `--env=AWS_ENDPOINT_URL_STS=${sts.url} --env=`);
  return { text: here, expected };
}
