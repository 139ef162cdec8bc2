import { fileURLToPath } from 'node:url';
import { REGION } from '@rolegate/sandbox';
import { eventually, PLAIN_ENV, runCommand } from '@rolegate/testing';
import type { CommandResult } from '@rolegate/testing';
import type { ModeName } from '../modes.ts';
import type { AttachedPod, PodCase } from '../pods.ts';
import { inMode } from '../step.ts';
import type { NetnsStep } from '../step.ts';
import { expectNoProblems } from '../checks.ts';
import type { NetnsWorld } from '../world.ts';
import { STS_URL } from '../../network/addresses.ts';

/** From the first call until the API server learns the address. Milliseconds. */
const DELAYS_MS = [0, 300, 900, 3_000] as const;
/** Covers the start of a process on a busy machine. */
const ASKS_SOON = { withinMs: 20_000, everyMs: 5 };

type Outcome = 'credentials' | 'either' | 'HeldTimeout';

/** The agent holds a request for 850 ms; an SDK waits for one second. */
const table: readonly { mode: ModeName; knows: string; outcomes: Readonly<Record<number, Outcome>> }[] = [
  {
    mode: 'up',
    knows: 'With CNI results',
    outcomes: { 0: 'credentials', 300: 'credentials', 900: 'credentials', 3_000: 'credentials' },
  },
  {
    mode: 'without CNI results',
    knows: 'Without CNI results',
    outcomes: { 0: 'credentials', 300: 'credentials', 900: 'either', 3_000: 'HeldTimeout' },
  },
];

/** Each SDK runs in a new Pod and calls before the API server knows the Pod's address. */
export const sdkSteps = table.flatMap(({ mode, knows, outcomes }) =>
  inMode(
    mode,
    DELAYS_MS.map((delayMs): NetnsStep => {
      const outcome = outcomes[delayMs] ?? 'either';
      return {
        title: `${knows}, boto3 and the SDK for JavaScript ${inWords(outcome)} if the API server learns the address ${delayMs} ms after the first call`,
        async run(world) {
          const problems = await Promise.all(
            sdks.map((sdk) => trySdk(world, { sdk, delayMs, outcome, hasResult: mode === 'up' })),
          );
          expectNoProblems(problems.flat());
        },
      };
    }),
  ),
);

function inWords(outcome: Outcome): string {
  switch (outcome) {
    case 'credentials':
      return 'get credentials on the first try';
    case 'either':
      return 'may or may not get credentials';
    case 'HeldTimeout':
      return 'are told to retry';
  }
}

interface Trial {
  readonly sdk: Sdk;
  readonly delayMs: number;
  readonly outcome: Outcome;
  readonly hasResult: boolean;
}

async function trySdk(world: NetnsWorld, { sdk, delayMs, outcome, hasResult }: Trial): Promise<string[]> {
  const role = `sdk-${sdk.toLowerCase()}-${delayMs}${hasResult ? '' : '-late'}`;
  const attached = await world.network.attach(caseOf(role, sdk));
  try {
    await world.cluster.schedule(attached.pod);
    if (hasResult) await world.cluster.giveAddress(attached.pod);
    const from = world.lines.length;
    const called = callSts(sdk, attached.enter, world.python);
    await eventually(() => {
      expectAsked(world, from, attached);
    }, ASKS_SOON);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await world.cluster.report(attached.pod);
    const { code, stdout, stderr } = await called;
    const problems =
      code === 0
        ? identityProblems(stdout, role, outcome)
        : failureProblems(world, { from, attached, outcome });
    return problems.map((problem) => `${sdk}: ${problem}; stderr: ${stderr.trim().slice(-300)}`);
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

/** The first call gets its token immediately, and the agent logs it at debug level. */
function expectAsked({ lines }: NetnsWorld, from: number, { pod }: AttachedPod): void {
  const { ipv4 } = pod.addresses;
  if (!lines.slice(from).some(({ line }) => line.includes(`"${ipv4}"`)))
    throw new Error(`the agent logged no request from ${ipv4}`);
}

function identityProblems(stdout: string, role: string, outcome: Outcome): string[] {
  if (outcome === 'HeldTimeout') return [`got credentials too early: ${stdout.trim()}`];
  return stdout.includes(`:assumed-role/${role}/open.default`) ? [] : [`got ${stdout.trim()}`];
}

function failureProblems(
  { lines }: NetnsWorld,
  { from, attached, outcome }: { from: number; attached: AttachedPod; outcome: Outcome },
): string[] {
  if (outcome === 'credentials') return ['got no credentials'];
  const logged = lines
    .slice(from)
    .some(({ line }) => line.includes('"HeldTimeout"') && line.includes(`"${attached.pod.addresses.ipv4}"`));
  return logged || outcome === 'either' ? [] : ['no log line with HeldTimeout names its address'];
}

const sdks = ['boto3', 'JavaScript'] as const;
type Sdk = (typeof sdks)[number];

/** boto3 with default timeouts and attempts. */
const BOTO3_CALLER = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])";

/** Only the STS endpoint is set; the metadata API has its usual address. */
const ENVIRONMENT = {
  ...PLAIN_ENV,
  AWS_ENDPOINT_URL_STS: STS_URL,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
};

/** Calls GetCallerIdentity with an unmodified SDK in a new process, which prints the ARN. */
function callSts(sdk: Sdk, enter: readonly string[], python: string): Promise<CommandResult> {
  const script = fileURLToPath(import.meta.resolve('@rolegate/sandbox/sdk-caller'));
  const command = sdk === 'boto3' ? [python, '-c', BOTO3_CALLER] : [process.execPath, script];
  return runCommand([...enter, ...command], { env: ENVIRONMENT });
}
