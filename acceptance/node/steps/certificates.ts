import { eventually } from '../../../packages/testing/src/index.ts';
import { CREDENTIALS_PATH } from '../asking.ts';
import type { ScenarioDeps, ScenarioStep } from '../all-steps.ts';
import { OPEN, ROLE_NAME } from '../test-pods.ts';
import { expectNoRules } from './uninstalling.ts';

const SOON = { withinMs: 20_000, everyMs: 500 };

/** Secrets with key pairs in the place of the server's own authority. */
export function certificates(deps: ScenarioDeps): ScenarioStep[] {
  const { installation, asking } = deps;
  return [
    {
      name: 'with certificates from Secrets a Pod has its role as well',
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
      name: 'and all is taken away again',
      async run() {
        await installation.uninstallRules();
        await expectNoRules(deps);
        await installation.uninstall();
      },
    },
  ];
}
