import { expect, it } from 'vitest';
import { createAgentAddresses } from '../../src/identity/agent-addresses.ts';
import { createClusterStandIn } from '../feed/cluster-stand-in.ts';

const AGENT = { serviceAccount: 'agents', daemonSet: 'agents' };

function setup() {
  const cluster = createClusterStandIn();
  cluster.setPod('sample');
  const { namespace } = cluster.pods.get('uid-sample') ?? { namespace: '' };
  const allowed = { serviceAccounts: [`${namespace}/agents`], daemonSets: ['agents'] };
  return { ...cluster, allowed, isAgents: createAgentAddresses({ pods: cluster.pods, allowed }) };
}

it("The addresses of an agent's Pod are known from its status until the last Pod with them is gone", () => {
  const { setPod, removePod, isAgents } = setup();
  setPod('agent', AGENT);
  expect(isAgents('198.18.0.1')).toBe(false);
  setPod('agent', { ...AGENT, ips: ['198.18.0.1', '2001:db8::1'] });
  setPod('next', { ...AGENT, ips: ['198.18.0.1'] });
  expect(['198.18.0.1', '2001:db8::2', '198.18.0.2'].map(isAgents)).toEqual([true, true, false]);
  removePod('agent');
  expect(['198.18.0.1', '2001:db8::2'].map(isAgents)).toEqual([true, false]);
  setPod('next', { ...AGENT, ips: ['198.18.0.3'] });
  expect(['198.18.0.1', '198.18.0.3'].map(isAgents)).toEqual([false, true]);
});

it('The addresses of Pods that were known before count too', () => {
  const { setPod, pods, allowed } = setup();
  setPod('agent', { ...AGENT, ips: ['198.18.0.1'] });
  expect(createAgentAddresses({ pods, allowed })('198.18.0.1')).toBe(true);
});

it.each([
  { what: 'of another ServiceAccount', pod: { serviceAccount: 'default' } },
  { what: 'of another DaemonSet', pod: { daemonSet: 'others' } },
  { what: 'of no DaemonSet', pod: { daemonSet: '' } },
  { what: 'that has ended', pod: { ended: true } },
])('The address of a Pod $what is not that of an agent', ({ pod }) => {
  const { setPod, isAgents } = setup();
  setPod('stranger', { ...AGENT, ips: ['198.18.0.1'], ...pod });
  expect(isAgents('198.18.0.1')).toBe(false);
});
