import { fileURLToPath } from 'node:url';
import { REGION } from '@rolegate/sandbox';
import { eventually, PLAIN_ENV, runCommand } from '@rolegate/testing';
import type { CommandResult } from '@rolegate/testing';
import type { ModeName } from '../modes.ts';
import type { AttachedPod, PodCase } from '../pods.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { expectNone } from '../verdicts.ts';
import type { NetnsWorld } from '../world.ts';
import { STS_URL } from '../../network/addresses.ts';

/** When the API learns of the address, counted from the first call. Milliseconds. */
const DELAYS_MS = [0, 300, 900, 3_000] as const;
/** A process starts, on a busy machine, before it asks. */
const ASKS_SOON = { withinMs: 20_000, everyMs: 5 };

type Outcome = 'credentials' | 'either' | 'HeldTimeout';

/** A request is held for 850 ms; an SDK's waits a second. */
const table: readonly { mode: ModeName; knows: string; outcomes: Readonly<Record<number, Outcome>> }[] = [
  {
    mode: 'up',
    knows: 'with CNI results',
    outcomes: { 0: 'credentials', 300: 'credentials', 900: 'credentials', 3_000: 'credentials' },
  },
  {
    mode: 'without CNI results',
    knows: 'without CNI results',
    outcomes: { 0: 'credentials', 300: 'credentials', 900: 'either', 3_000: 'HeldTimeout' },
  },
];

/** Each SDK in a Pod that is new to everybody, asking before the API knows its address. */
export const sdkSteps = table.flatMap(({ mode, knows, outcomes }) =>
  inMode(
    mode,
    DELAYS_MS.map((delayMs): NetnsStep => {
      const outcome = outcomes[delayMs] ?? 'either';
      return {
        title: `${knows}, an address that the API learns ${delayMs} ms after the first call: ${inWords(outcome)}`,
        async run(world) {
          const faults = await Promise.all(
            sdks.map((sdk) => tryOne(world, { sdk, delayMs, outcome, hasResult: mode === 'up' })),
          );
          expectNone(faults.flat());
        },
      };
    }),
  ),
);

function inWords(outcome: Outcome): string {
  const words = { credentials: 'have credentials on the first try', either: 'may or may not have any' };
  return `boto3 and the SDK for JavaScript ${outcome === 'HeldTimeout' ? 'are asked to come again' : words[outcome]}`;
}

interface Trial {
  readonly sdk: Sdk;
  readonly delayMs: number;
  readonly outcome: Outcome;
  readonly hasResult: boolean;
}

async function tryOne(world: NetnsWorld, { sdk, delayMs, outcome, hasResult }: Trial): Promise<string[]> {
  const role = `sdk-${sdk.toLowerCase()}-${delayMs}${hasResult ? '' : '-late'}`;
  const attached = await world.network.attach(caseOf(role, sdk));
  try {
    await world.cluster.schedule(attached.pod);
    if (hasResult) await world.cluster.giveAddress(attached.pod);
    const from = world.lines.length;
    const called = whoAmI(sdk, attached.enter, world.python);
    await eventually(() => {
      expectAsked(world, from, attached);
    }, ASKS_SOON);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await world.cluster.report(attached.pod);
    const { code, stdout, stderr } = await called;
    const faults =
      code === 0 ? identityFaults(stdout, role, outcome) : failureFaults(world, { from, attached, outcome });
    return faults.map((fault) => `${sdk}: ${fault}; it said ${stderr.trim().slice(-300)}`);
  } finally {
    await world.cluster.takeAddress(attached.pod);
    await world.cluster.delete(attached.pod);
    await attached.detach();
  }
}

function caseOf(role: string, sdk: Sdk): PodCase {
  return {
    name: role,
    namespace: 'open',
    shape: sdk === 'boto3' ? 'eni' : 'calico',
    annotations: { 'iam.amazonaws.com/role': `team/${role}` },
    listed: { role: `team/${role}` },
  };
}

/** The first call gets its token at once, and the agent says so at debug. */
function expectAsked({ lines }: NetnsWorld, from: number, { pod }: AttachedPod): void {
  const { ipv4 } = pod.addresses;
  if (!lines.slice(from).some(({ line }) => line.includes(`"${ipv4}"`)))
    throw new Error(`the agent tells of no request by ${ipv4}`);
}

function identityFaults(stdout: string, role: string, outcome: Outcome): string[] {
  if (outcome === 'HeldTimeout') return [`has credentials too early: ${stdout.trim()}`];
  return stdout.includes(`:assumed-role/${role}/open.default`) ? [] : [`is ${stdout.trim()}`];
}

function failureFaults(
  { lines }: NetnsWorld,
  { from, attached, outcome }: { from: number; attached: AttachedPod; outcome: Outcome },
): string[] {
  if (outcome === 'credentials') return ['has no credentials'];
  const told = lines
    .slice(from)
    .some(({ line }) => line.includes('"HeldTimeout"') && line.includes(`"${attached.pod.addresses.ipv4}"`));
  return told || outcome === 'either' ? [] : ['no line with HeldTimeout names its address'];
}

const sdks = ['boto3', 'JavaScript'] as const;
type Sdk = (typeof sdks)[number];

/** As an application uses it: no timeouts or attempts of ours. */
const BOTO3_CALLER = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";

/** Where STS is, and nothing else: the metadata API is where it is for everybody. */
const ENVIRONMENT = {
  ...PLAIN_ENV,
  AWS_ENDPOINT_URL_STS: STS_URL,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
};

/** Asks by an unmodified SDK, in a process that starts now, who it is: the ARN is in what it prints. */
function whoAmI(sdk: Sdk, enter: readonly string[], python: string): Promise<CommandResult> {
  const script = fileURLToPath(import.meta.resolve('@rolegate/sandbox/sdk-caller'));
  const command = sdk === 'boto3' ? [python, '-c', BOTO3_CALLER] : [process.execPath, script];
  return runCommand([...enter, ...command], { env: ENVIRONMENT });
}
