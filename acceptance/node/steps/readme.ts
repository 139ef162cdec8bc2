import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '@rolegate/testing';
import { serverValues } from '../chart-values.ts';
import { NAMESPACE } from '../installation.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { expectCredentials } from './answers.ts';
import { expectNoRules } from './uninstalling.ts';

const SOON = { withinMs: 20_000, everyMs: 500 };

/** The installation as the README describes it, with the charts' defaults. Needs a release. */
export function readme(world: NodeWorld): NodeStep[] {
  const { readme: lines } = world;
  if (lines === undefined) return [];
  const { kubectl, installation, curl } = world;
  return [
    {
      title: 'The lines of the README install a release from its registry, and a Pod gets its role',
      async run() {
        await kubectl.remove('namespace', NAMESPACE);
        await lines.namespace();
        await installation.prepare();
        const folder = await mkdtemp(join(tmpdir(), 'rolegate-readme-'));
        try {
          const values = serverValues({ stsEndpoint: installation.stsEndpoint, tls: 'authority' });
          await writeFile(join(folder, 'server.yaml'), JSON.stringify(values));
          await lines.install(folder);
        } finally {
          await rm(folder, { recursive: true });
        }
        await installation.serverReady();
        await installation.agentReady();
        await installation.expectImages();
        await eventually(() => expectCredentials(curl), SOON);
      },
    },
    {
      title: 'After an installation by the README, uninstall=true removes all rules',
      async run() {
        await installation.uninstallRules();
        await expectNoRules(world);
        await installation.uninstall();
      },
    },
  ];
}
