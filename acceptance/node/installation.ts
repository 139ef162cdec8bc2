import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTestCa } from '@rolegate/testing';
import type { IssueOptions } from '@rolegate/testing';
import { agentValues, CREDENTIALS_SECRET, serverValues, TLS_SECRETS } from './chart-values.ts';
import type { Tls } from './chart-values.ts';
import type { ChartName, Charts } from './charts.ts';
import type { Helm, Values } from './helm.ts';
import type { Kubectl } from './kubectl.ts';

export const NAMESPACE = 'rolegate';
const manifests = join(dirname(fileURLToPath(import.meta.url)), 'manifests');
const manifest = (name: string) => join(manifests, `${name}.yaml`);
const MOTO_ENDPOINT = `http://moto.${NAMESPACE}.svc:5000`;
const CLUSTER_KINDS =
  'clusterroles,clusterrolebindings,validatingadmissionpolicies,validatingadmissionpolicybindings';
/** Not in every cluster. */
const MUTATING_KINDS = ['mutatingadmissionpolicies', 'mutatingadmissionpolicybindings'];
const ADMISSION = 'admissionregistration.k8s.io';
const NAMESPACED_KINDS =
  'daemonsets,deployments,jobs,services,secrets,configmaps,roles,rolebindings,serviceaccounts,networkpolicies,pdb';
const OURS = 'app.kubernetes.io/part-of=rolegate';

export interface InstallationDeps {
  readonly kubectl: Kubectl;
  readonly helm: Helm;
  readonly charts: Charts;
  readonly node: string;
  /** Undefined: moto runs in a Pod. */
  readonly stsEndpoint: string | undefined;
}

/** Installs Rolegate in the cluster with its charts. */
export function createInstallation({ kubectl, helm, charts, node, stsEndpoint }: InstallationDeps) {
  const endpoint = stsEndpointOf(stsEndpoint);
  const agentReady = () => kubectl.rollout('daemonset/rolegate-agent', NAMESPACE);
  const serverReady = () => kubectl.rollout('deployment/rolegate-server', NAMESPACE);
  const withImage = (chart: ChartName, values: Values): Values =>
    charts.registry === undefined ? { ...values, image: charts.image(chart) } : values;

  return {
    ...createPodAccess(kubectl),
    charts,
    helm,
    stsEndpoint: endpoint,
    agentReady,
    serverReady,
    /** Creates the Namespace, the server's credentials and a stand-in for STS. */
    async prepare(): Promise<void> {
      await kubectl.applyFile(manifest('namespace'));
      await kubectl.apply([
        secret(CREDENTIALS_SECRET, { AWS_ACCESS_KEY_ID: 'server', AWS_SECRET_ACCESS_KEY: 'server' }),
      ]);
      if (stsEndpoint !== undefined) return;
      await kubectl.applyFile(manifest('moto'));
      await kubectl.rollout('deployment/moto', NAMESPACE);
    },
    /** Agents first, which wait for the servers. */
    async install({ tls = 'authority' }: { tls?: Tls } = {}): Promise<void> {
      await helm.install('agent', withImage('agent', agentValues({ node, tls })));
      await helm.install('server', withImage('server', serverValues({ stsEndpoint: endpoint, tls })));
      await serverReady();
      await agentReady();
    },
    /** Throws if a container has another image than the charts name. */
    async expectImages(): Promise<void> {
      for (const chart of ['agent', 'server'] as const) {
        const selector = ['-l', `app.kubernetes.io/name=rolegate-${chart}`];
        const path = 'jsonpath={.items[*].spec.initContainers[*].image} {.items[*].spec.containers[*].image}';
        const found = await kubectl.call(['-n', NAMESPACE, 'get', 'pods', ...selector, '-o', path]);
        const others = found.split(' ').filter((image) => image !== '' && image !== charts.reference(chart));
        if (others.length > 0)
          throw new Error(`${chart}: ${others.join(' ')}, not ${charts.reference(chart)}`);
      }
    },
    /** If it is not installed. */
    async installAgent(mode?: 'firewall'): Promise<void> {
      const values = agentValues({ node, tls: 'authority', ...(mode && { mode }) });
      await helm.upgrade('agent', withImage('agent', values));
      await agentReady();
    },
    /** Changes an annotation on the Pods of both charts, which replaces all of them. */
    async upgrade(marker: string): Promise<void> {
      const podAnnotations = { marker };
      await this.change({ server: { podAnnotations }, agent: { podAnnotations } });
    },
    /** Agents first, which tell the servers that they serve. */
    async setContainerCredentials(enabled: boolean): Promise<void> {
      const containerCredentials = { enabled };
      const agent = agentValues({ node, tls: 'authority', containerCredentials });
      const server = serverValues({ stsEndpoint: endpoint, tls: 'authority', containerCredentials });
      await helm.upgrade('agent', withImage('agent', agent));
      await helm.upgrade('server', withImage('server', server));
      await serverReady();
      await agentReady();
    },
    /** Installs or upgrades both charts with more values than the least. */
    async change(more: { readonly server?: Values; readonly agent?: Values } = {}): Promise<void> {
      const server = serverValues({ stsEndpoint: endpoint, tls: 'authority' });
      await helm.upgrade('server', withImage('server', { ...server, ...more.server }));
      await helm.upgrade(
        'agent',
        withImage('agent', { ...agentValues({ node, tls: 'authority' }), ...more.agent }),
      );
      await serverReady();
      await agentReady();
    },
    /** The step before `helm uninstall`. */
    async uninstallRules(mode?: 'firewall'): Promise<void> {
      const values = agentValues({ node, tls: 'authority', uninstall: true, ...(mode && { mode }) });
      await helm.upgrade('agent', withImage('agent', values));
      await agentReady();
    },
    async uninstall(): Promise<void> {
      for (const chart of ['agent', 'server'] as const) await helm.uninstall(chart);
    },
    /** Keeps the rules. Waits for the Pods, which helm does not. */
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
    /** Creates Secrets with certificates of a test CA for server and agent, by default for a day. */
    async makeCertificates(lives: { readonly server?: Date; readonly agent?: Date } = {}): Promise<void> {
      const authority = await createTestCa({ name: 'e2e' });
      const host = `rolegate-server.${NAMESPACE}.svc`;
      for (const [name, issued] of [
        [
          TLS_SECRETS.server,
          await authority.issue({ dns: [host], usages: ['server'], ...until(lives.server) }),
        ],
        // The certificate names no node, which the agent's token proves.
        [TLS_SECRETS.agent, await authority.issue({ usages: ['client'], ...until(lives.agent) })],
      ] as const) {
        const { cert, key } = issued;
        await kubectl.apply([secret(name, { 'tls.crt': cert, 'tls.key': key, 'ca.crt': authority.pem })]);
      }
    },
    /** Removes everything, including rules that failed tests left behind. */
    async remove(): Promise<void> {
      const found = await kubectl.call(['get', 'namespace', NAMESPACE, '--ignore-not-found', '-o', 'name']);
      if (found === '') return;
      await this.uninstallRules();
      await this.uninstall();
      await kubectl.remove('namespace', NAMESPACE);
    },
  };
}

/** Reads Pods and objects of the installation. */
function createPodAccess(kubectl: Kubectl) {
  const inNamespace = (...args: string[]) => kubectl.call(['-n', NAMESPACE, ...args]);
  /** The kinds of MutatingAdmissionPolicy that the cluster has. */
  async function mutatingKinds(): Promise<string[]> {
    const names = await kubectl.call(['api-resources', `--api-group=${ADMISSION}`, '-o', 'name']);
    return MUTATING_KINDS.filter((kind) => names.split('\n').includes(`${kind}.${ADMISSION}`));
  }

  return {
    /** Whether the charts can give Pods their token. */
    hasMutatingPolicies: async () => (await mutatingKinds()).length > 0,
    /** Objects that the charts left behind. */
    async leftOver(): Promise<readonly string[]> {
      const kinds = [CLUSTER_KINDS, ...(await mutatingKinds())].join();
      const cluster = await kubectl.call(['get', kinds, '-l', OURS, '-o', 'name']);
      const namespaced = await inNamespace('get', NAMESPACED_KINDS, '-o', 'name');
      const names = `${cluster}\n${namespaced}`.split('\n').filter((name) => name.includes('rolegate'));
      return names.filter((name) => !Object.values(TEST_SECRETS).includes(name.replace(/^secret\//, '')));
    },
    /** Names of a program's Pods, except for those being deleted. */
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
  };
}

export type Installation = ReturnType<typeof createInstallation>;

function until(notAfter: Date | undefined): Pick<IssueOptions, 'notAfter'> {
  return notAfter === undefined ? {} : { notAfter };
}

/** Secrets that the tests create. */
const TEST_SECRETS = { credentials: CREDENTIALS_SECRET, ...TLS_SECRETS };

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  }[];
}

/** The STS endpoint of test Pods and servers. */
export function stsEndpointOf(given: string | undefined): string {
  return given ?? MOTO_ENDPOINT;
}

function secret(name: string, stringData: Readonly<Record<string, string>>) {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: NAMESPACE }, stringData };
}
