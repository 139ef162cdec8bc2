import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { outputOf } from '../interception/commands.ts';
import type { RunCommand } from '../interception/commands.ts';
import type { PodTries } from './judge.ts';
import { tryCredentials, tryPort } from './try-metadata.ts';

/** What the stand-in Pod is told of one family. */
export interface PodFamily {
  readonly flag: '-4' | '-6';
  /** Its own address, with prefix length. */
  readonly own: string;
  readonly metadataAddress: string;
  /** The node's address and port on which the agent listens. */
  readonly agent?: { readonly address: string; readonly port: number };
}

/** What the stand-in Pod is told, in one line. */
export interface PodOrder {
  /** Its end of the pair of interfaces. */
  readonly device: string;
  /** Of the node's end: every packet goes there. */
  readonly nodeMac: string;
  readonly families: readonly PodFamily[];
}

/** A port where no metadata API is. */
const OTHER_PORT = 81;

/**
 * The stand-in Pod: a process in a network namespace of its own that sets up its end, tries what a Pod could try, and prints
 * what it met (PodTries[]) as one line of JSON. Throws where its end cannot be set up.
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
    // No default route: nothing but these can be reached.
    for (const address of [metadataAddress, ...(agent === undefined ? [] : [agent.address])]) {
      await ip(flag, 'route', 'replace', address, 'dev', device, 'src', own.split('/')[0] ?? '');
      await ip(flag, 'neighbour', 'replace', address, 'lladdr', nodeMac, 'dev', device, 'nud', 'permanent');
    }
  }
}

async function tryAll({ metadataAddress, agent }: PodFamily): Promise<PodTries> {
  const [credentials, otherPort, agentPort] = await Promise.all([
    tryCredentials(metadataAddress),
    tryPort(metadataAddress, OTHER_PORT),
    agent === undefined ? undefined : tryPort(agent.address, agent.port),
  ]);
  return { address: metadataAddress, credentials, otherPort, ...(agentPort !== undefined && { agentPort }) };
}
