import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { runProgramOnce } from '../src/program.ts';
import type { Program } from '../src/program.ts';
import { add, eventually, expectLine, namespace, PERMITTED, seen, setup } from './setup.ts';
import type { Setup } from './setup.ts';
import { whileAsking } from './while-asking.ts';

const UPGRADES = 3;
/** DESIGN.md R7. A busy machine gets five times what a program that does nothing takes there. */
const AGAIN_WITHIN_MS = 2_000;

let world: Setup | undefined;
afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
  world = undefined;
});

/** Two servers and an agent started by the test, with `steady/pod` served. */
async function served(flags: (folder: string) => readonly string[] = () => []) {
  const there = await setup({ started: false });
  world = there;
  const { folder, serverPorts, startServer, startAgent } = there.world;
  const servers = serverPorts.map((_, index) => startServer(index));
  const start = (name = 'agent') => startAgent({ name, flags: flags(folder) });
  const agent = start();
  await Promise.all([...servers, agent].map((program) => program.ready()));
  await eventually(async () => {
    expect(seen(await there.as('steady/pod').credentials())).toEqual({ status: 200, role: 'steady' });
  });
  return { ...there, servers, agent, start };
}

function listening({ agentLog }: Setup): number {
  return agentLog.filter(({ msg }) => msg === 'agent listening').length;
}

/** Additions are saved soon, not immediately. */
function written({ world: { folder } }: Setup): Promise<void> {
  return eventually(async () => {
    expect(await readFile(join(folder, 'state', 'agent-state'), 'utf8')).toContain('SecretAccessKey');
  });
}

describe('Surge upgrade', () => {
  it('R7: Upgrades of an agent by surge fail no request, as the next agent shares the port', async () => {
    const there = await served();
    let former: Program = there.agent;
    const bad = await whileAsking(there.as('steady/pod'), async () => {
      for (let upgrade = 0; upgrade < UPGRADES; upgrade += 1) {
        const before = listening(there);
        const next = there.start(`agent-${upgrade}`);
        await eventually(() => {
          expect(listening(there)).toBe(before + 1);
        });
        await former.stop();
        former = next;
      }
    });
    expect(bad).toEqual([]);
  });
});

describe('Saved state', () => {
  it('R1: A killed agent serves again with the servers, STS and the API server away', async () => {
    const there = await served((folder) => ['--state-dir', join(folder, 'state')]);
    const { servers, agent, start } = there;
    await written(there);
    await Promise.all([agent.kill(), ...servers.map((server) => server.kill())]);
    there.world.api.hang();
    const idleMs = performance.now();
    await runProgramOnce('agent', ['--version']);
    const beganMs = performance.now();
    await start().ready();
    const { status, role } = await there.as('steady/pod').credentials();
    expect({ status, role }).toEqual({ status: 200, role: 'steady' });
    expect(performance.now() - beganMs).toBeLessThan(AGAIN_WITHIN_MS + 5 * (beganMs - idleMs));
    await expectLine(there.agentLog, { msg: 'restored state from previous process', pods: 1 });
  });

  it('R7: A killed agent causes no new STS call when it starts again', async () => {
    const there = await served((folder) => ['--state-dir', join(folder, 'state')]);
    await written(there);
    const calls = there.world.sts.calls.length;
    await there.agent.kill();
    await there.start().ready();
    expect((await there.as('steady/pod').credentials()).status).toBe(200);
    expect(there.world.sts.calls).toHaveLength(calls);
  });

  it('A killed agent does not bring back what was revoked', async () => {
    const there = await served((folder) => ['--state-dir', join(folder, 'state')]);
    await add(there, namespace('steady', { [PERMITTED]: 'nothing' }));
    await eventually(async () => {
      expect((await there.as('steady/pod').credentials()).status).toBe(403);
    });
    // A crash during a revocation leaves no state, which is safe and tested elsewhere.
    await eventually(async () => {
      const state = await readFile(join(there.world.folder, 'state', 'agent-state'), 'utf8');
      expect([state.includes('NamespaceDenied'), state.includes('SecretAccessKey')]).toEqual([true, false]);
    });
    await Promise.all([there.agent.kill(), ...there.servers.map((server) => server.kill())]);
    await there.start().ready();
    expect((await there.as('steady/pod').credentials()).status).toBe(403);
  });

  it('An agent serves although its state cannot be written', async () => {
    const there = await served((folder) => ['--state-dir', join(folder, 'kubeconfig')]);
    await expectLine(there.agentLog, { msg: 'state write failed' });
    expect((await there.as('steady/pod').credentials()).status).toBe(200);
  });
});
