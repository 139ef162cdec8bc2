import { eventually } from '@rolegate/testing';
import { findAll } from '../plugin/findings.ts';
import type { Wanted } from '../plugin/findings.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { expectCredentials } from './answers.ts';
import { expectNoRules } from './uninstalling.ts';

const SOON = { withinMs: 20_000, everyMs: 500 };

const NEAR_THEIR_END: readonly Wanted[] = [
  {
    fault: "The agent's certificate is near its end",
    severity: 'error',
    check: 'certificates',
    what: 'the certificate of the agent expires within ten minutes',
  },
  {
    fault: "The servers' certificates are near their end",
    severity: 'error',
    check: 'certificates',
    what: 'a server certificate is near its end',
  },
];

/** Certificates from Secrets instead of the server's authority. */
export function certificates(world: NodeWorld): NodeStep[] {
  const { installation, curl } = world;
  return [
    {
      title: 'kubectl rolegate doctor names certificates of an agent and of servers that are near their end',
      async run() {
        const now = Date.now();
        await installation.makeCertificates({
          server: new Date(now + 3_600_000),
          agent: new Date(now + 540_000),
        });
        await installation.install({ tls: 'existingSecret' });
        await findAll(world.plugin, NEAR_THEIR_END);
        await installation.uninstall();
      },
    },
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
