import { connect } from 'node:net';
import { VERSION } from '@rolegate/runtime';
import { expect, it } from 'vitest';
import { runProgramOnce } from '../src/program.ts';
import { statusSocket } from '../src/start-programs.ts';
import { add, eventually, expectLine, namespace, PERMITTED, pod, setup } from './setup.ts';
import type { Setup } from './setup.ts';

/** Runs a command of a built program against the running one. */
function commands({ world }: Setup) {
  const of =
    (program: 'agent' | 'server', socket: string) =>
    (...words: string[]) =>
      runProgramOnce(program, [...words, '--status-socket', statusSocket(world, socket)]);
  return { agent: of('agent', 'agent'), server: of('server', 'server-0') };
}

it('The status commands show what a Pod gets and why, and no secret', async () => {
  await using t = await setup({ serverCount: 1 });
  const { agent, server } = commands(t);
  await add(t, namespace('team', { [PERMITTED]: 'one' }), pod('team/one', 'one'), pod('team/two', 'two'));
  const { SecretAccessKey, Token, AccessKeyId } = await eventually(async () => {
    const { status, body } = await t.as('team/one').credentials();
    expect(status).toBe(200);
    return JSON.parse(body) as Record<string, string>;
  });
  await eventually(async () => {
    expect((await t.as('team/two').credentials()).status).toBe(403);
  });
  const ip = t.world.node.pod('Pod team/two')?.ip ?? '';
  const told = await Promise.all([
    agent('status'),
    agent('status', '--json'),
    agent('status', '--ip', ip),
    agent('status', '--pod', 'team/one'),
    server('status'),
    server('status', '--json'),
    server('status', '--pod', 'team/two'),
  ]);
  const outputs = told.map(({ output }) => output);
  expect(told.map(({ code }) => code)).toEqual(told.map(() => 0));
  for (const secret of [SecretAccessKey, Token, AccessKeyId]) expect(outputs.join('')).not.toContain(secret);
  const [whole = '', json = '', byIp = '', byPod = '', serverWhole = '', , denied = ''] = outputs;
  expect(whole).toMatch(/^team\/one +ok /m);
  expect(whole).toMatch(/^team\/two +NamespaceDenied /m);
  expect(JSON.parse(json)).toMatchObject({ node: 'sandbox-node', server: { feed: { connected: true } } });
  expect(byIp).toMatch(/^GET credentials now +403 NamespaceDenied$/m);
  expect(byPod).toMatch(/^GET credentials now +200, the credentials, from memory$/m);
  expect(serverWhole).toMatch(new RegExp(`^sandbox-node +${VERSION.replaceAll('.', '\\.')} `, 'm'));
  expect(denied).toMatch(/^annotation +of the Namespace: iam\.amazonaws\.com\/permitted: one$/m);
});

it('The --ready flag and log-level work on running programs, which bad input does not stop', async () => {
  await using t = await setup({ serverCount: 1 });
  const { agent, server } = commands(t);
  expect(await agent('status', '--ready')).toEqual({ code: 0, output: 'ok\n' });
  expect(await server('status', '--ready')).toEqual({ code: 0, output: 'ok\n' });
  expect((await agent('status', '--pod', 'team/none')).code).toBe(1);
  expect((await agent('status', '--pood')).code).toBe(2);
  const path = statusSocket(t.world, 'agent');
  const garbage = Array.from({ length: 100 }, () => connect({ path }).on('error', () => undefined));
  for (const socket of garbage) socket.write('\0garbage\r\n\r\n');
  expect(await agent('log-level', 'warn')).toEqual({ code: 0, output: 'warn\n' });
  await expectLine(t.agentLog, { msg: 'log level changed', from: 'debug', to: 'warn' });
  expect(await agent('log-level', 'debug')).toEqual({ code: 0, output: 'debug\n' });
  for (const socket of garbage) socket.destroy();
  expect((await t.as('steady/pod').credentials()).status).toBe(200);
});

it('An agent whose --status-socket is in use exits with code 2 and explains why', async () => {
  await using t = await setup({ serverCount: 1 });
  const path = statusSocket(t.world, 'agent');
  const args = ['--mode=firewall', '--node-name=n', '--host-ip=127.0.0.1', '--port=0'];
  const ops = ['--prometheus-listen-addr=127.0.0.1:0', '--probe-bind=127.0.0.1:0'];
  const { code, output } = await runProgramOnce('agent', [...args, ...ops, '--status-socket', path]);
  expect([code, output]).toEqual([2, expect.stringContaining('another process is listening on it')]);
});

it('The status command without a running agent names the socket, and how to ask on a cluster', async () => {
  const { code, output } = await runProgramOnce('agent', ['status']);
  expect(code).toBe(1);
  expect(output).toContain('no answer from /run/rolegate/agent.sock');
  expect(output).toContain('kubectl -n rolegate exec ds/rolegate-agent -c agent -- rolegate-agent status');
});
