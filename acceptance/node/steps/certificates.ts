import { eventually } from '@rolegate/testing';
import { CREDENTIALS_PATH } from '../asking.ts';
import type { NodeStep } from '../step.ts';
import type { NodeWorld } from '../world.ts';
import { OPEN, ROLE_NAME } from '../test-pods.ts';
import { expectNoRules } from './uninstalling.ts';

const SOON = { withinMs: 20_000, everyMs: 500 };

/** Secrets with key pairs in the place of the server's own authority. */
export function certificates(world: NodeWorld): NodeStep[] {
  const { installation, asking } = world;
  return [
    {
      title: 'With certificates from Secrets, a Pod gets its role',
      async run() {
        await installation.makeCertificates();
        await installation.install({ tls: 'existingSecret' });
        await eventually(async () => {
          const { status, body } = await asking.metadata(OPEN, 'app', `${CREDENTIALS_PATH}/${ROLE_NAME}`);
          if (!body.includes('"AccessKeyId"')) throw new Error(`app's credentials are ${status}`);
        }, SOON);
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
