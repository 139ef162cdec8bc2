import { describeError } from '@rolegate/runtime';
import { outputOf } from '../interception/commands.ts';
import type { RunCommand } from '../interception/commands.ts';
import { listDevices } from '../interception/devices.ts';
import type { HostInterface } from '../interception/rules/host-interfaces.ts';
import type { Family } from '../interception/rules/metadata-addresses.ts';
import type { FamilyPlan } from '../interception/rules/rule.ts';
import { judge } from './judge.ts';
import type { PodFamily } from './pod.ts';
import type { PodProcess } from './pod-process.ts';
import { chooseAttachment } from './attachment.ts';
import type { Attachment } from './attachment.ts';

/** The result of the self-test. */
export type SelfTestResult =
  | { readonly kind: 'ran'; readonly open: readonly string[]; readonly warnings: readonly string[] }
  /** The test could not run. */
  | { readonly kind: 'not-run'; readonly why: string };

export interface SelfTestDeps {
  readonly run: RunCommand;
  /** The families that are installed. */
  readonly plan: readonly FamilyPlan[];
  readonly hostIps: Readonly<Partial<Record<Family, string>>>;
  readonly port: number;
  readonly hostInterfaces: readonly HostInterface[];
  /** Connections redirected so far by the DNAT rules of each family. */
  readonly redirected: () => Promise<Readonly<Record<Family, number>>>;
  readonly startPod: () => Promise<PodProcess>;
}

/** Documentation addresses (RFC 5737, RFC 3849), which no Pod has. */
const OWN: Readonly<
  Record<Family, { readonly flag: '-4' | '-6'; readonly address: string; readonly bits: number }>
> = {
  ipv4: { flag: '-4', address: '192.0.2.254', bits: 32 },
  ipv6: { flag: '-6', address: '2001:db8::254', bits: 128 },
};
/** The name of the interface in the Pod's own namespace. */
const POD_DEVICE = 'eth0';
/** Locally administered. Set in advance, because neighbor discovery can take seconds. */
const POD_MAC = '02:00:00:00:00:fe';

/** Requests the node's credentials from a temporary network namespace that is attached like a Pod. Never rejects. */
export async function testInterception(deps: SelfTestDeps): Promise<SelfTestResult> {
  let pod: PodProcess | undefined;
  try {
    const attachment = chooseAttachment(deps.hostInterfaces, await listDevices(deps.run));
    pod = await deps.startPod();
    const nodeMac = await connect(deps, attachment, pod.pid);
    const before = await deps.redirected();
    const results = await pod.results({
      device: POD_DEVICE,
      nodeMac,
      families: deps.plan.map((one) => orderFor(deps, one)),
    });
    const after = await deps.redirected();
    const judgements = results.map((met, at) => {
      const { family, chains } = deps.plan[at] ?? { family: 'ipv4' as const, chains: [] };
      const isRedirected = chains.some(({ layer }) => layer === 'nat');
      return judge({ ...met, redirected: isRedirected ? after[family] - before[family] : undefined });
    });
    return {
      kind: 'ran',
      open: judgements.flatMap(({ open }) => open),
      warnings: judgements.flatMap(({ warnings }) => warnings),
    };
  } catch (error) {
    return { kind: 'not-run', why: describeError(error) };
  } finally {
    // Removes its namespace, and with it the veth pair and routes.
    pod?.end();
  }
}

function orderFor({ hostIps, port }: SelfTestDeps, { family, address }: FamilyPlan): PodFamily {
  const { flag, address: own, bits } = OWN[family];
  const hostIp = hostIps[family];
  return {
    flag,
    own: `${own}/${bits}`,
    metadataAddress: address,
    ...(hostIp !== undefined && { agent: { address: hostIp, port } }),
  };
}

/** Resolves with the MAC address to which the Pod sends its packets. */
async function connect(
  { run, plan }: SelfTestDeps,
  { device, bridge }: Attachment,
  pid: number,
): Promise<string> {
  const ip = async (...args: string[]) => outputOf('ip', await run('ip', args));
  const end = bridge ?? device;
  // Left by a test that was killed.
  await run('ip', ['link', 'delete', device]);
  const peer = ['name', POD_DEVICE, 'address', POD_MAC, 'netns', String(pid)];
  await ip('link', 'add', device, 'type', 'veth', 'peer', ...peer);
  if (bridge !== undefined) await ip('link', 'set', device, 'master', bridge);
  await ip('link', 'set', device, 'up');
  for (const { family } of plan) {
    const { flag, address } = OWN[family];
    await ip(flag, 'route', 'replace', address, 'dev', end);
    await ip(flag, 'neighbour', 'replace', address, 'lladdr', POD_MAC, 'dev', end, 'nud', 'permanent');
  }
  const mac = (await listDevices(run)).find(({ name }) => name === end)?.mac;
  if (mac === undefined) throw new Error(`the interface ${device} has disappeared`);
  return mac;
}
