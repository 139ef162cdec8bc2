import { eventually } from '@rolegate/testing';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { expectCredentials } from './answers.ts';
import { expectNoRules } from './uninstalling.ts';

const SOON = { withinMs: 20_000, everyMs: 500 };

/** Certificates from Secrets instead of the server's authority. */
export function certificates(world: NodeWorld): NodeStep[] {
  const { installation, curl } = world;
  return [
    {
      title: 'With certificates from Secrets, a Pod gets its role',
      async run() {
        await installation.makeCertificates();
        await installation.install({ tls: 'existingSecret' });
        await eventually(() => expectCredentials(curl), SOON);
      },
    },
    {
      title: 'With certificates from Secrets, uninstall=true removes all rules',
      async run() {
        await installation.uninstallRules();
        await expectNoRules(world);
        await installation.uninstall();
      },
    },
  ];
}
