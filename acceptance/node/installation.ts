import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestCa } from '@rolegate/testing';
import { agentValues, CREDENTIALS_SECRET, serverValues, TLS_SECRETS } from './chart-values.ts';
import type { Tls } from './chart-values.ts';
import type { Helm } from './helm.ts';
import type { Kubectl } from './kubectl.ts';

export const NAMESPACE = 'rolegate';
const manifests = join(dirname(fileURLToPath(import.meta.url)), 'manifests');
const manifest = (name: string) => join(manifests, `${name}.yaml`);
const MOTO_ENDPOINT = `http://moto.${NAMESPACE}.svc:5000`;
/** What is ours in the whole cluster, by its label. */
const CLUSTER_KINDS =
  'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings';
const OWN_KINDS =
  'daemonsets,deployments,jobs,services,secrets,configmaps,roles,rolebindings,serviceaccounts,networkpolicies,pdb';
const OURS = 'app.kubernetes.io/part-of=rolegate';

export interface InstallationDeps {
  readonly kubectl: Kubectl;
  readonly helm: Helm;
  readonly node: string;
  /** Undefined: moto, in a Pod. */
  readonly stsEndpoint: string | undefined;
}

/** The product in the cluster, by its charts. */
export function createInstallation({ kubectl, helm, node, stsEndpoint }: InstallationDeps) {
  const endpoint = stsEndpointOf(stsEndpoint);
  const inNamespace = (...args: string[]) => kubectl.call(['-n', NAMESPACE, ...args]);
  const agentReady = () => kubectl.rollout('daemonset/rolegate-agent', NAMESPACE);
  const serverReady = () => kubectl.rollout('deployment/rolegate-server', NAMESPACE);

  return {
    helm,
    stsEndpoint: endpoint,
    agentReady,
    serverReady,
    /** The Namespace, the server's own credentials and a stand-in for STS. */
    async prepare(): Promise<void> {
      await kubectl.applyFile(manifest('namespace'));
      await kubectl.apply([
        secret(CREDENTIALS_SECRET, { AWS_ACCESS_KEY_ID: 'server', AWS_SECRET_ACCESS_KEY: 'server' }),
      ]);
      if (stsEndpoint !== undefined) return;
      await kubectl.applyFile(manifest('moto'));
      await kubectl.rollout('deployment/moto', NAMESPACE);
    },
    /** In the order that is the wrong one: agents wait. */
    async install({ tls = 'authority' }: { tls?: Tls } = {}): Promise<void> {
      await helm.install('agent', agentValues({ node, tls }));
      await helm.install('server', serverValues({ stsEndpoint: endpoint, tls }));
      await serverReady();
      await agentReady();
    },
    async installAgent(): Promise<void> {
      await helm.install('agent', agentValues({ node, tls: 'authority' }));
      await agentReady();
    },
    async installFirewall(): Promise<void> {
      await helm.install('agent', agentValues({ node, tls: 'authority', mode: 'firewall' }));
      await agentReady();
    },
    /** Both, with another annotation on their Pods: all of them are replaced. */
    async upgrade(marker: string): Promise<void> {
      const values = serverValues({ stsEndpoint: endpoint, tls: 'authority' });
      await helm.upgrade('server', { ...values, podAnnotations: { marker } });
      await helm.upgrade('agent', agentValues({ node, tls: 'authority', podAnnotations: { marker } }));
      await serverReady();
      await agentReady();
    },
    /** The step before `helm uninstall`. */
    async uninstallRules(mode?: 'firewall'): Promise<void> {
      await helm.upgrade(
        'agent',
        agentValues({ node, tls: 'authority', uninstall: true, ...(mode && { mode }) }),
      );
      await agentReady();
    },
    async uninstall(): Promise<void> {
      for (const chart of ['agent', 'server'] as const) await helm.uninstall(chart);
    },
    /** Its rules stay. helm does not wait for Pods. */
    async uninstallAgent(): Promise<void> {
      await helm.uninstall('agent');
      await kubectl.waitFor('delete', [
        '-n',
        NAMESPACE,
        'pods',
        '-l',
        'app.kubernetes.io/name=rolegate-agent',
      ]);
    },
    /** What the charts left behind, by kind and name. */
    async leftOver(): Promise<readonly string[]> {
      const cluster = await kubectl.call(['get', CLUSTER_KINDS, '-l', OURS, '-o', 'name']);
      const own = await inNamespace('get', OWN_KINDS, '-o', 'name');
      const names = `${cluster}\n${own}`.split('\n').filter((name) => name.includes('rolegate'));
      return names.filter((name) => !Object.values(GIVEN).includes(name.replace(/^secret\//, '')));
    },
    /** Key pairs of an authority of one's own, for both sides. */
    async makeCertificates(): Promise<void> {
      const authority = await createTestCa({ name: 'e2e' });
      const host = `rolegate-server.${NAMESPACE}.svc`;
      for (const [name, issued] of [
        [TLS_SECRETS.server, await authority.issue({ dns: [host], usages: ['server'] })],
        // It names no node: that is proven by the agent's token.
        [TLS_SECRETS.agent, await authority.issue({ usages: ['client'] })],
      ] as const) {
        const { cert, key } = issued;
        await kubectl.apply([secret(name, { 'tls.crt': cert, 'tls.key': key, 'ca.crt': authority.pem })]);
      }
    },
    /** The Pods of one program that are not on their way out. */
    async pods(program: 'server' | 'agent'): Promise<readonly string[]> {
      const { items } = (await kubectl.json(
        '-n',
        NAMESPACE,
        'get',
        'pods',
        '-l',
        `app.kubernetes.io/name=rolegate-${program}`,
      )) as PodList;
      const staying = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      return staying.map(({ metadata: { name } }) => name);
    },
    deletePod: (pod: string) => kubectl.remove('-n', NAMESPACE, 'pod', pod),
    logs: (pod: string, container: string, ...flags: string[]) =>
      inNamespace('logs', pod, '-c', container, ...flags),
    exec: (pod: string, container: string, command: readonly string[]) =>
      inNamespace('exec', pod, '-c', container, '--', ...command),
    /** The rules too, if the tests did not come so far. */
    async remove(): Promise<void> {
      const there = await kubectl.call(['get', 'namespace', NAMESPACE, '--ignore-not-found', '-o', 'name']);
      if (there === '') return;
      await this.uninstallRules();
      await this.uninstall();
      await kubectl.remove('namespace', NAMESPACE);
    },
  };
}

export type Installation = ReturnType<typeof createInstallation>;

/** Secrets that are the tests' own. */
const GIVEN = { credentials: CREDENTIALS_SECRET, ...TLS_SECRETS };

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  }[];
}

/** Where test Pods and the server find STS. */
export function stsEndpointOf(given: string | undefined): string {
  return given ?? MOTO_ENDPOINT;
}

function secret(name: string, stringData: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData };
}
