import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { outputOf } from '../interception/commands.ts';
import type { RunCommand } from '../interception/commands.ts';
import type { PodResults } from './judge.ts';
import { tryCredentials, tryPort } from './try-metadata.ts';

/** Input of the test Pod for one family. */
export interface PodFamily {
  readonly flag: '-4' | '-6';
  /** Its own address, with prefix length. */
  readonly own: string;
  readonly metadataAddress: string;
  /** The node's address and port on which the agent listens. */
  readonly agent?: { readonly address: string; readonly port: number };
}

/** Input of the test Pod, as one line of JSON. */
export interface PodOrder {
  /** Its end of the pair of interfaces. */
  readonly device: string;
  /** MAC address of the node's end, to which every packet goes. */
  readonly nodeMac: string;
  readonly families: readonly PodFamily[];
}

/** A port without a metadata API. */
const OTHER_PORT = 81;

/**
 * The test Pod: a process in a temporary network namespace that configures its interface, tries what a Pod could try, and
 * prints the results (PodResults[]) as one line of JSON. Throws if its interface cannot be configured.
 */
export async function runSelfTestPod({
  input,
  output,
  run,
}: {
  readonly input: Readable;
  readonly output: Writable;
  readonly run: RunCommand;
}): Promise<void> {
  output.write('ready\n');
  for await (const line of createInterface({ input })) {
    const order = JSON.parse(line) as PodOrder;
    await setUp(order, run);
    output.write(`${JSON.stringify(await Promise.all(order.families.map(tryAll)))}\n`);
    return;
  }
}

async function setUp({ device, nodeMac, families }: PodOrder, run: RunCommand): Promise<void> {
  const ip = async (...args: string[]) => outputOf('ip', await run('ip', args));
  await ip('link', 'set', 'lo', 'up');
  await ip('link', 'set', device, 'up');
  for (const { flag, own, metadataAddress, agent } of families) {
    await ip(flag, 'address', 'add', own, 'dev', device, ...(flag === '-6' ? ['nodad'] : []));
    // No default route: only these addresses are reachable.
    for (const address of [metadataAddress, ...(agent === undefined ? [] : [agent.address])]) {
      await ip(flag, 'route', 'replace', address, 'dev', device, 'src', own.split('/')[0] ?? '');
      await ip(flag, 'neighbour', 'replace', address, 'lladdr', nodeMac, 'dev', device, 'nud', 'permanent');
    }
  }
}

async function tryAll({ metadataAddress, agent }: PodFamily): Promise<PodResults> {
  const [credentials, otherPort, agentPort] = await Promise.all([
    tryCredentials(metadataAddress),
    tryPort(metadataAddress, OTHER_PORT),
    agent === undefined ? undefined : tryPort(agent.address, agent.port),
  ]);
  return { address: metadataAddress, credentials, otherPort, ...(agentPort !== undefined && { agentPort }) };
}
