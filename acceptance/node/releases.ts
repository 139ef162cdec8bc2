import { createHash } from 'node:crypto';
import { eventually } from '@rolegate/testing';
import { readAgentMetrics } from './agent-metrics.ts';
import { agentValues, serverValues } from './chart-values.ts';
import type { ChartName, Charts } from './charts.ts';
import type { ReuseFlag, Values } from './helm.ts';
import { NAMESPACE } from './installation.ts';
import type { Installation } from './installation.ts';
import type { Kubectl } from './kubectl.ts';
import { logLine } from './log-lines.ts';

const AUTHORITY = 'rolegate-authority';
/** A server stops within 36 s. */
const SETTLED = { withinMs: 60_000, everyMs: 500 };

export type Version = 'this' | '0.1.0';

/** Waits for the end of a change. */
export type Ended = () => Promise<unknown>;

/** An upgrade or rollback of one chart. */
export interface Change {
  readonly to: Version;
  /** How values of the release are reused, or that all values are given again. */
  readonly values: ReuseFlag | 'again';
  /** Additional values. */
  readonly more?: Values | undefined;
}

export interface ReleasesDeps {
  readonly kubectl: Kubectl;
  readonly installation: Installation;
  readonly node: { readonly name: string };
  readonly charts01: Charts;
}

/** Changes the version of both charts. */
export function createReleases({ kubectl, installation, node, charts01 }: ReleasesDeps) {
  const { charts, helm } = installation;
  const chartsOf = (version: Version) => (version === 'this' ? charts : charts01);
  const valuesOf = (chart: ChartName, version: Version): Values => ({
    ...(chart === 'agent'
      ? agentValues({ node: node.name, tls: 'authority' })
      : serverValues({ stsEndpoint: installation.stsEndpoint, tls: 'authority' })),
    image: chartsOf(version).image(chart),
  });
  const inNamespace = (...args: string[]) => kubectl.call(['-n', NAMESPACE, ...args]);
  const readyOf = { agent: installation.agentReady, server: serversSettled };

  /** Waits until previous servers have stopped and the agent is connected to one of the new ones. */
  async function serversSettled(): Promise<void> {
    await installation.serverReady();
    const servers = ['-l', 'app.kubernetes.io/name=rolegate-server'];
    await eventually(async () => {
      const all = (await inNamespace('get', 'pods', ...servers, '-o', 'name')).trim().split('\n');
      const staying = await installation.pods('server');
      if (all.length > staying.length) throw new Error(`servers are stopping: ${all.join(' ')}`);
      const [agent = ''] = await installation.pods('agent');
      if ((await readAgentMetrics(kubectl, agent)).get('rolegate_feed_connected') !== 1)
        throw new Error('the agent has no feed');
    }, SETTLED);
  }

  return {
    async install01(): Promise<void> {
      for (const chart of ['agent', 'server'] as const)
        await helm.install(chart, valuesOf(chart, '0.1.0'), charts01);
      await installation.serverReady();
      await installation.agentReady();
    },
    /** Starts a rollout of a chart. */
    async change(chart: ChartName, { to, values, more }: Change): Promise<Ended> {
      const all = { ...valuesOf(chart, to), ...more };
      const from = chartsOf(to);
      if (values === 'again') await helm.upgrade(chart, all, from);
      else await helm.upgradeReusing(chart, { flag: values, values: { image: all['image'], ...more }, from });
      return readyOf[chart];
    },
    /** Starts to replace the agent's Pod. The new one has no certificate yet. */
    restartAgent: async (): Promise<Ended> => {
      await inNamespace('rollout', 'restart', 'daemonset/rolegate-agent');
      return installation.agentReady;
    },
    /** Throws if the running agent attested at another port. */
    async expectAttestedAt(port: number): Promise<void> {
      const [pod = ''] = await installation.pods('agent');
      const line = logLine(await installation.logs(pod, 'agent'), { msg: 'certificate issued' });
      const { server } = JSON.parse(line) as { server: string };
      if (!server.endsWith(`:${port}`)) throw new Error(`the agent got its certificate from ${server}`);
    },
    async expectInServersLog(text: string): Promise<void> {
      const logs = await Promise.all(
        (await installation.pods('server')).map((pod) => installation.logs(pod, 'server')),
      );
      if (!logs.some((log) => log.includes(text))) throw new Error(`no server logged ${text}`);
    },
    async expectAgents(wanted: { ready: number; waiting: number }): Promise<void> {
      const path = 'jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}';
      const agents = ['-l', 'app.kubernetes.io/name=rolegate-agent'];
      const found = (await inNamespace('get', 'pods', ...agents, '-o', path)).split(' ');
      const count = (status: string) => found.filter((value) => value === status).length;
      if (count('True') !== wanted.ready || count('False') !== wanted.waiting)
        throw new Error(`Ready conditions of the agents: ${found.join(' ')}`);
    },
    /** A hash of all keys and certificates of the authority, in the Secret and the ConfigMap. */
    async authority(): Promise<string> {
      const data = async (kind: string) =>
        ((await kubectl.json('-n', NAMESPACE, 'get', kind, AUTHORITY)) as { data: Data }).data;
      const { 'authorities.json': kept = '', ...secret } = await data('secret');
      const { authorities } = JSON.parse(Buffer.from(kept, 'base64').toString()) as {
        authorities: readonly unknown[];
      };
      const all = JSON.stringify({ authorities, secret, bundle: await data('configmap') });
      return createHash('sha256').update(all).digest('hex');
    },
  };
}

export type Releases = ReturnType<typeof createReleases>;

type Data = Readonly<Record<string, string>>;
