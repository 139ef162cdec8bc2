import { join } from 'node:path';
import type { AgentReport } from '@rolegate/protocol';
import { startFeedInterposer, writeTlsFiles } from '@rolegate/testing';
import type { FeedInterposer } from '@rolegate/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { SERVER_NAME } from '../../src/identity-flags.ts';
import { containerCredentialsFlags } from '../../src/program-flags.ts';
import { runProgramOnce } from '../../src/program.ts';
import { relayConnections } from '../../src/relay.ts';
import { NODE_NAME } from '../../src/sandbox-node.ts';
import { statusSocket } from '../../src/start-programs.ts';
import type { World } from '../../src/world.ts';
import { eventually } from '../setup.ts';
import { APP, expectServed, HOST, setupWithTokens } from './token-world.ts';
import type { TokenSetup } from './token-world.ts';

const LIST = '/latest/meta-data/iam/security-credentials/';

const stack: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of stack.splice(0).reverse()) await close();
});

async function setup(...given: Parameters<typeof setupWithTokens>): Promise<TokenSetup> {
  const there = await setupWithTokens(...given);
  stack.push(() => there[Symbol.asyncDispose]());
  return there;
}

/** As a server of 0.2 looks to an agent, which knows neither the report nor the call, and sends no keys. */
async function asOlderServer({ ca, folder, serverPorts }: World): Promise<FeedInterposer> {
  const files = async (name: string, names: { dns?: string[]; uris?: string[] }) =>
    writeTlsFiles(join(folder, name), { ...(await ca.issue(names)), ca: ca.pem });
  const interposer = await startFeedInterposer({
    target: { port: serverPorts[0] ?? 0, serverName: SERVER_NAME },
    asServer: await files('older-server', { dns: [SERVER_NAME] }),
    asAgent: await files('older-agent', { uris: [`spiffe://rolegate/node/${NODE_NAME}`] }),
  });
  stack.push(() => {
    interposer.close();
  });
  interposer.rewrite((report) => {
    const older: AgentReport = { ...report };
    delete older.servesContainerCredentials;
    return older;
  });
  interposer.drop(({ update }) => update === 'issuerKeys');
  interposer.refuse('ReviewToken');
  return interposer;
}

/** What the server says about the Pod on the host network. */
async function decisionOf(world: World): Promise<string> {
  const socket = statusSocket(world, 'server-0');
  const asked = ['status', '--pod', HOST, '--status-socket', socket];
  return (await runProgramOnce('server', asked)).output;
}

/** The metadata API serves ordinary Pods, and refuses the one on the host network. */
async function expectMetadataAsEver({ as }: TokenSetup): Promise<void> {
  await eventually(async () => {
    expect((await as(APP).credentials()).status).toBe(200);
  });
  expect((await as(HOST).get(LIST)).status).toBe(403);
}

describe('Agent that serves container credentials', () => {
  it('With a server of 0.2, Pods on the host network stay HostNetwork and the metadata API works as ever; with its upgrade they are served', async () => {
    let interposer: FeedInterposer | undefined;
    const there = await setup({}, async (world) => {
      interposer = await asOlderServer(world);
      return { serverPorts: [interposer.port] };
    });
    await expectMetadataAsEver(there);
    expect(await decisionOf(there.world)).toMatch(/^decision +deny, HostNetwork: /m);
    for (const name of [HOST, APP]) expect((await there.byToken(name)).status).toBe(503);

    interposer?.close();
    const upgraded = await relayConnections(
      { host: '127.0.0.1', port: interposer?.port ?? 0 },
      { host: '127.0.0.1', port: there.world.serverPorts[0] ?? 0 },
    );
    stack.push(upgraded.close);
    await expectServed(there);
    expect(await decisionOf(there.world)).toMatch(/^decision +allow$/m);
  });
});

describe('Agent that does not serve container credentials', () => {
  it('Its Pods on the host network stay HostNetwork, no keys are read or sent, and its successor serves them', async () => {
    const there = await setup({ containerCredentials: false });
    const { api, containerCredentials } = there.world;
    await expectMetadataAsEver(there);
    const before = await decisionOf(there.world);
    expect(before).toMatch(/^decision +deny, HostNetwork: /m);
    expect(before).toMatch(/^ +container credentials +not served$/m);
    expect((await there.byToken(HOST)).status).toBe(0);
    expect(api.issuer.reads).toBe(0);

    there.startAgent({ name: 'agent-2', flags: containerCredentialsFlags(containerCredentials) });
    await expectServed(there);
    expect(await decisionOf(there.world)).toMatch(/^decision +allow$/m);
    await there.agent.stop();
    await expectServed(there);
    await expectMetadataAsEver(there);
  });
});
