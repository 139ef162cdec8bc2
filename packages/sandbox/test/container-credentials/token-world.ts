import { join } from 'node:path';
import { containerCredentials } from '@rolegate/protocol';
import type { TestToken } from '@rolegate/testing';
import { expect } from 'vitest';
import { credentialsByToken } from '../../src/token-client.ts';
import type { Program } from '../../src/program.ts';
import type { HttpAnswer } from '../../src/request-from.ts';
import type { AgentStart } from '../../src/start-programs.ts';
import type { World, WorldOptions } from '../../src/world.ts';
import { add, eventually, namespace, PERMITTED, pod, setup } from '../setup.ts';
import type { Setup } from '../setup.ts';

/** Ordinary Pods. */
export const APP = 'team/app';
export const OTHER = 'team/other';
/** A Pod on the host network. */
export const HOST = 'team/host';

export interface TokenSetup extends Setup {
  readonly server: Program;
  readonly agent: Program;
  /** Starts an agent with the same state directory. */
  readonly startAgent: (start?: AgentStart) => Program;
  /** Of a Pod that runs. Each call issues a new one. */
  readonly newToken: (name: string, token?: TestToken) => string;
  /** Asks as the Pod `namespace/name`. The token defaults to a new one of this Pod. */
  readonly byToken: (name: string, token?: string) => Promise<HttpAnswer>;
}

/**
 * A server, an agent with a state directory, and the Pods `team/app`, `team/other` and, on the host network, `team/host`.
 * `prepare` is called before the agent starts.
 */
export async function setupWithTokens(
  options: Omit<WorldOptions, 'onAgentLine' | 'onServerLine'> = {},
  prepare: (world: World) => Promise<AgentStart> = () => Promise.resolve({}),
): Promise<TokenSetup> {
  const there = await setup({
    serverCount: 1,
    containerCredentials: true,
    ...options,
    started: false,
  });
  const { world } = there;
  const flags = ['--state-dir', join(world.folder, 'state')];
  const startAgent = (more: AgentStart = {}) =>
    world.startAgent({ ...more, flags: [...flags, ...(more.flags ?? [])] });
  const newToken = (name: string, token: TestToken = {}) =>
    world.api.issueToken({ pod: name, audiences: [containerCredentials.audience], ...token });
  const [server, agent] = [world.startServer(0), startAgent(await prepare(world))];
  await Promise.all([server.ready(), agent.ready()]);
  await add(
    there,
    namespace('team', { [PERMITTED]: '[a-z]+' }),
    pod(APP, 'app'),
    pod(OTHER, 'other'),
    pod(HOST, 'host', { hostNetwork: true }),
  );
  return {
    ...there,
    server,
    agent,
    startAgent,
    newToken,
    byToken(name, token = newToken(name)) {
      const from = world.node.pod(`Pod ${name}`)?.ip ?? '';
      return credentialsByToken({ from, endpoint: world.containerCredentials, token });
    },
  };
}

/** Waits until all Pods are served by their tokens, which the agent verifies with the API server's keys. */
export async function expectServed({ byToken, agentLog }: TokenSetup): Promise<void> {
  await eventually(async () => {
    expect(agentLog.map(({ msg }) => msg)).toContain('issuer keys received');
    for (const name of [APP, OTHER, HOST]) expect(await byToken(name)).toMatchObject({ status: 200 });
  });
}

/** Of the answer's body. */
export function keyOf({ body }: HttpAnswer): unknown {
  return (JSON.parse(body) as Record<string, unknown>)['AccessKeyId'];
}
