import { eventually, Skipped } from '@rolegate/testing';
import { installIrsaWebhook, IRSA_ROLE, removeIrsaWebhook } from '../irsa-webhook.ts';
import { logLine } from '../log-lines.ts';
import { metadataRules } from '../node-pods.ts';
import type { NodeStep } from '../step.ts';
import { PERMITTED_NAMESPACE, TOKEN_NAMESPACE } from '../test-pods.ts';
import { createTokenPods } from '../token-pods.ts';
import type { ContainerName, TokenPods } from '../token-pods.ts';
import type { NodeWorld } from '../world.ts';

const ENDPOINT = 'http://169.254.170.23:8182/v1/credentials';
const LINK = /rolegate0|169\.254\.170\.23|fd00:ec2::23/;
/** reconcile removes what the setting no longer wants. */
const REMOVED = { withinMs: 30_000, everyMs: 2_000 };
const SOON = { withinMs: 20_000, everyMs: 500 };

/** Container credentials, for Pods that get their token by the chart's policy, by hand, or not at all. */
export function containerCredentials(world: NodeWorld): NodeStep[] {
  const { kubectl, installation, node } = world;
  const pods = createTokenPods({ kubectl, node: node.name, stsEndpoint: installation.stsEndpoint });
  return [
    {
      title:
        'With containerCredentials.enabled in both charts, the node has the addresses on a link of their own',
      async run() {
        await installation.setContainerCredentials(true);
        // While the former agent ends, its reconcile, which has not the setting, may still remove them.
        await eventually(async () => {
          const rules = await metadataRules(world);
          const addresses = rules.filter((line) => /^address: .*\brolegate0\b/.test(line));
          if (!addresses.some((line) => line.includes('169.254.170.23/32')))
            throw new Error(rules.join('\n'));
        }, SOON);
        await pods.create();
      },
    },
    ...injectedSteps(world, pods),
    {
      title: 'The example of the documentation gives a Pod on the host network its role',
      async run() {
        await pods.startManual();
        await expectRole(pods, { namespace: PERMITTED_NAMESPACE, app: 'manual' });
      },
    },
    stolenToken(world),
    {
      title: 'A Pod with hostPort 8182 does not get the requests to the endpoint',
      async run() {
        await pods.startHijacker();
        await kubectl.waitFor('condition=Ready', ['-n', TOKEN_NAMESPACE, 'pod/hijacker']);
        for (const [namespace, pod] of [
          [PERMITTED_NAMESPACE, 'plain'],
          [PERMITTED_NAMESPACE, 'manual'],
        ] as const) {
          const { status, body } = await world.curl.get(namespace, pod, ENDPOINT);
          // Python's server would answer 404.
          if (status !== '400') throw new Error(`${pod} got ${status} ${body}`);
        }
      },
    },
    {
      title: 'With containerCredentials.enabled off again, the node has neither the link nor rules for it',
      async run() {
        await pods.remove();
        await installation.setContainerCredentials(false);
        await eventually(async () => {
          const left = (await metadataRules(world)).filter((line) => LINK.test(line));
          if (left.length > 0) throw new Error(`left over:\n${left.join('\n')}`);
        }, REMOVED);
      },
    },
  ];
}

/** Pods that get their token by the chart's policy. */
function injectedSteps({ kubectl, installation, node }: NodeWorld, pods: TokenPods): NodeStep[] {
  const steps: NodeStep[] = [
    {
      title: 'The init container, the sidecar and the container of a Deployment get the role of their Pod',
      async run() {
        await pods.startWorkloads();
        for (const container of ['init', 'sidecar', 'app']) await expectRole(pods, { app: 'web', container });
      },
    },
    {
      title: 'The Pod of a DaemonSet on the host network gets its role',
      run: () => expectRole(pods, { app: 'host' }),
    },
    {
      title: 'A Pod that sets its own keys keeps them, without a token',
      async run() {
        await pods.startLeftAlone();
        await expectMethod(pods, { app: 'keys' }, 'env');
        const volumes = await pods.volumesOf('keys');
        if (volumes.length > 0) throw new Error(`its volumes are ${volumes.join(', ')}`);
      },
    },
    {
      title:
        'A Pod whose own volume is called rolegate-token is left alone and gets its role from the metadata API',
      run: () => expectRole(pods, { app: 'volume' }, 'iam-role'),
    },
    {
      title: 'With the variables of IRSA, which a webhook adds afterwards, boto3 uses IRSA',
      async run() {
        await installIrsaWebhook(kubectl, node.name);
        try {
          // kube-proxy learns of the webhook's address a moment after it is ready.
          await eventually(() => pods.startWithIrsa(), SOON);
          const { arn = '' } = await expectMethod(pods, { app: 'both' }, 'assume-role-with-web-identity');
          if (!arn.includes(`:assumed-role/${IRSA_ROLE}/`)) throw new Error(`its role is ${arn}`);
          const volumes = await pods.volumesOf('both');
          if (!volumes.includes('rolegate-token')) throw new Error(`its volumes are ${volumes.join(', ')}`);
        } finally {
          await removeIrsaWebhook(kubectl);
        }
      },
    },
  ];
  return steps.map(({ title, run }) => ({
    title,
    async run(world) {
      if (!(await installation.hasMutatingPolicies()))
        throw new Skipped('the cluster has no MutatingAdmissionPolicy');
      return run(world);
    },
  }));
}

function stolenToken({ kubectl, installation, curl, say }: NodeWorld): NodeStep {
  return {
    title: "A Pod's token is refused in another Pod, and the log names both Pods and not the token",
    async run() {
      const target = ['--bound-object-kind', 'Pod', '--bound-object-name', 'manual'];
      const words = ['-n', PERMITTED_NAMESPACE, 'create', 'token', 'default', '--audience', 'rolegate'];
      const token = await kubectl.call([...words, ...target]);
      const stolen = await curl.get(PERMITTED_NAMESPACE, 'plain', ENDPOINT, [`Authorization: ${token}`]);
      if (stolen.status !== '401' || !stolen.body.includes('TokenForeign'))
        throw new Error(`plain got ${stolen.status} ${stolen.body.slice(0, 200)}`);
      // The error does not show the body, which is a key.
      const own = await curl.get(PERMITTED_NAMESPACE, 'manual', ENDPOINT, [`Authorization: ${token}`]);
      if (own.status !== '200') throw new Error(`manual got ${own.status}`);
      const [agent = ''] = await installation.pods('agent');
      const log = await installation.logs(agent, 'agent');
      const line = logLine(log, { audit: true, reason: 'TokenForeign' });
      say(line);
      for (const pod of ['plain', 'manual'])
        if (!line.includes(pod)) throw new Error(`${pod} is not in ${line}`);
      for (const part of token.split('.'))
        if (log.includes(part)) throw new Error('the log has part of the token');
    },
  };
}

/** Throws if boto3 in the container has not got the role of the Pod, by default from container credentials. */
async function expectRole(pods: TokenPods, name: ContainerName, method = 'container-role'): Promise<void> {
  const { arn = '' } = await expectMethod(pods, name, method);
  const session = `:assumed-role/${name.app}/${name.namespace ?? TOKEN_NAMESPACE}.default`;
  if (!arn.endsWith(session)) throw new Error(`${name.app}, ${name.container ?? 'app'} has the role ${arn}`);
}

async function expectMethod(pods: TokenPods, name: ContainerName, wanted: string) {
  const result = await pods.result(name);
  const { method = 'none', error } = result;
  if (error !== undefined || method !== wanted)
    throw new Error(
      `${name.app}, ${name.container ?? 'app'}: ${method}, not ${wanted}${error === undefined ? '' : `: ${error}`}`,
    );
  return result;
}
