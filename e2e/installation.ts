import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Kubectl } from './kubectl.ts';

export const NAMESPACE = 'rolegate';
/** Of the one node on which the agent runs. */
const NODE_LABEL = 'rolegate-e2e';
const minimal = join(dirname(fileURLToPath(import.meta.url)), 'minimal');
const manifest = (name: string) => join(minimal, `${name}.yaml`);

/** The product in the cluster, by the manifests of e2e/minimal. */
export function createInstallation({ kubectl, node }: { kubectl: Kubectl; node: string }) {
  /** Its rules stay. */
  async function removeAgent(): Promise<void> {
    await kubectl.remove('-n', NAMESPACE, 'daemonset', 'rolegate-agent', '--cascade=foreground');
  }

  async function uninstallRules(): Promise<void> {
    await kubectl.remove('-n', NAMESPACE, 'job', 'rolegate-uninstall', '--cascade=foreground');
    await kubectl.call(['label', 'node', node, `${NODE_LABEL}=agent`, '--overwrite']);
    await kubectl.applyFile(manifest('uninstall'));
    await kubectl.waitFor('condition=complete', ['-n', NAMESPACE, 'job/rolegate-uninstall'], 60);
  }

  return {
    removeAgent,
    uninstallRules,
    /** Server and agent ready. The Secret and the STS endpoint first: the Pods start with them. */
    async install({ stsEndpoint }: { stsEndpoint: string | undefined }): Promise<void> {
      await kubectl.call(['label', 'node', node, `${NODE_LABEL}=agent`, '--overwrite']);
      await kubectl.applyFile(manifest('namespace'));
      await kubectl.apply([serverCredentials(), stsConfig(stsEndpoint ?? MOTO_ENDPOINT)]);
      if (stsEndpoint === undefined) {
        await kubectl.applyFile(manifest('moto'));
        await kubectl.rollout('deployment/moto', NAMESPACE);
      }
      await kubectl.applyFile(manifest('server'));
      await kubectl.applyFile(manifest('agent'));
      await kubectl.rollout('deployment/rolegate-server', NAMESPACE);
      await kubectl.rollout('daemonset/rolegate-agent', NAMESPACE);
    },
    /** The one Pod of the agent. */
    agentPod(): Promise<string> {
      const which = ['pods', '-l', 'app.kubernetes.io/name=rolegate-agent'];
      return kubectl.call(['-n', NAMESPACE, 'get', ...which, '-o', 'jsonpath={.items[0].metadata.name}']);
    },
    /** The rules too, if the tests did not come so far. */
    async remove(): Promise<void> {
      const there = await kubectl.call(['get', 'namespace', NAMESPACE, '--ignore-not-found', '-o', 'name']);
      if (there !== '') {
        await removeAgent();
        await uninstallRules();
      }
      for (const name of ['agent', 'server']) await kubectl.remove('-f', manifest(name));
      await kubectl.remove('-f', manifest('namespace'));
      await kubectl.call(['label', 'node', node, `${NODE_LABEL}-`]);
    },
  };
}

export type Installation = ReturnType<typeof createInstallation>;

const MOTO_ENDPOINT = `http://moto.${NAMESPACE}.svc:5000`;

/** Where test Pods and the server find STS. */
export function stsEndpointOf(given: string | undefined): string {
  return given ?? MOTO_ENDPOINT;
}

function stsConfig(endpoint: string) {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'rolegate-sts', namespace: NAMESPACE },
    data: { ROLEGATE_STS_ENDPOINT: endpoint },
  };
}

/** The server's own credentials; the stand-in takes any. */
function serverCredentials() {
  return secret('rolegate-server-aws', { AWS_ACCESS_KEY_ID: 'server', AWS_SECRET_ACCESS_KEY: 'server' });
}

function secret(name: string, stringData: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData };
}
