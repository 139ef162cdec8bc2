import { describeError } from '@rolegate/runtime';
import { LINK_NAME } from './endpoint-link.ts';
import type { EndpointLink, EndpointLinks } from './endpoint-link.ts';
import type { Fault } from './rules/faults.ts';
import type { FamilyPlan } from './rules/rule.ts';
import type { RepairResult } from './route-layer.ts';

export interface LinkResult extends RepairResult {
  /** Addresses that others gave to our link. They stay until the link is removed. */
  readonly foreignAddresses: readonly string[];
}

/** One difference from the plan, and how it is repaired. */
interface Difference {
  readonly message: string;
  readonly repair: (links: EndpointLinks) => Promise<void>;
}

const NOTHING: LinkResult = { repaired: [], left: [], foreignAddresses: [] };

/**
 * Brings our link to the plan of both families. Other links that have the addresses do not count: they may go at any time.
 * Never rejects: failures remain as faults.
 */
export async function settleLink(links: EndpointLinks, plan: readonly FamilyPlan[]): Promise<LinkResult> {
  if (plan.every(({ endpoint }) => endpoint.state === 'ignored')) return NOTHING;
  try {
    const present = await links.read();
    const differences = linkDifferences(plan, present);
    const failures: Fault[] = [];
    for (const { repair } of differences)
      await repair(links).catch((error: unknown) => failures.push(fault(describeError(error))));
    const now = differences.length === 0 ? present : await links.read();
    const left = linkDifferences(plan, now).map(({ message }) => fault(message));
    return {
      repaired: differences.map(({ message }) => fault(message)),
      left: left.length === 0 ? [] : [...failures, ...left],
      foreignAddresses: foreignAddresses(plan, now),
    };
  } catch (error) {
    const failure = fault(describeError(error));
    return { repaired: [failure], left: [failure], foreignAddresses: [] };
  }
}

/** In the order of their repair: a link loses its IPv6 addresses when it goes down. Pure. */
function linkDifferences(
  plan: readonly FamilyPlan[],
  present: EndpointLink | undefined,
): readonly Difference[] {
  const wanted = addressesIn(plan, 'installed');
  if (wanted.length === 0) {
    const message = `link ${LINK_NAME} exists but is not needed`;
    return present === undefined ? [] : [{ message, repair: (links) => links.remove() }];
  }
  if (present === undefined)
    return [{ message: `link ${LINK_NAME} is missing`, repair: (links) => makeLink(links, wanted) }];
  const missing = wanted.filter((address) => !present.addresses.includes(address));
  const unwanted = addressesIn(plan, 'removed').filter((address) => present.addresses.includes(address));
  return [
    ...(present.isUp ? [] : [{ message: `link ${LINK_NAME} is down`, repair: setUp }]),
    ...missing.map((address) => ({
      message: `address ${address} is missing from ${LINK_NAME}`,
      repair: (links: EndpointLinks) => links.addAddress(address),
    })),
    ...unwanted.map((address) => ({
      message: `address ${address} of ${LINK_NAME} is not needed`,
      repair: (links: EndpointLinks) => links.removeAddress(address),
    })),
  ];
}

async function makeLink(links: EndpointLinks, addresses: readonly string[]): Promise<void> {
  await links.create();
  await setUp(links);
  for (const address of addresses) await links.addAddress(address);
}

function setUp(links: EndpointLinks): Promise<void> {
  return links.setUp();
}

function addressesIn(plan: readonly FamilyPlan[], state: FamilyPlan['endpoint']['state']): string[] {
  return plan.flatMap(({ family, endpoint }) =>
    endpoint.state === state ? [`${endpoint.address}/${family === 'ipv4' ? 32 : 128}`] : [],
  );
}

function foreignAddresses(plan: readonly FamilyPlan[], present: EndpointLink | undefined): string[] {
  const ours = addressesIn(plan, 'installed');
  return (present?.addresses ?? []).filter((address) => !ours.includes(address));
}

function fault(message: string): Fault {
  return { layer: 'link', message };
}
