import { describe, expect, it } from 'vitest';
import { createBackoff, silentLog } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import { NOT_FOUND, runCommand } from '../../src/interception/commands.ts';
import { followCommand, followForever, followKernelEvents } from '../../src/interception/kernel-events.ts';
import type { FollowCommand } from '../../src/interception/kernel-events.ts';

describe('Node command', () => {
  it('A command gets its input, and returns its output and exit code', async () => {
    expect(await runCommand('cat', [], { input: 'a\nb' })).toEqual({ code: 0, stdout: 'a\nb', stderr: '' });
    expect(await runCommand('sh', ['-c', 'echo no >&2; exit 3'])).toEqual({
      code: 3,
      stdout: '',
      stderr: 'no',
    });
  });

  it('A command that is missing, hangs or does not read its input returns an exit code all the same', async () => {
    expect((await runCommand('rolegate-no-such-program', [])).code).toBe(NOT_FOUND);
    expect((await runCommand('sleep', ['30'], { timeoutMs: 50 })).code).toBe(137);
    expect((await runCommand('true', [], { input: 'x'.repeat(1_000_000) })).code).toBe(0);
  });
});

describe('Followed command', () => {
  it('A followed command passes its lines on, and its end is explained by what it wrote to stderr', async () => {
    const lines: string[] = [];
    const why = await followCommand(
      'sh',
      ['-c', 'echo a; echo b; echo sorry >&2'],
      (line) => lines.push(line),
      new AbortController().signal,
    );
    expect(lines).toEqual(['a', 'b']);
    expect(why).toBe('sorry');
  });

  it('A followed command ends with the signal', async () => {
    const stop = new AbortController();
    const following = followCommand('sleep', ['30'], () => undefined, stop.signal);
    stop.abort();
    await following;
  });

  it('A followed command is started again whenever it ends', async () => {
    const clock = createFakeClock();
    const stop = new AbortController();
    let starts = 0;
    const follow: FollowCommand = () => {
      starts += 1;
      return Promise.resolve('it ended with code 1');
    };
    const backoff = createBackoff({ firstMs: 100, capMs: 1_000, random: () => 1 });
    const deps = { follow, backoff, clock, log: silentLog };
    const running = followForever(deps, { program: 'ip', args: [], onLine: () => undefined }, stop.signal);
    await clock.advance(10_000);
    expect(starts).toBeGreaterThan(8);
    stop.abort();
    await running;
  });
});

describe('Kernel events', () => {
  it.each([
    { program: 'nft', line: 'delete rule ip nat PREROUTING handle 5', tells: true },
    { program: 'nft', line: 'delete table ip nat', tells: true },
    { program: 'nft', line: 'add rule ip filter ROLEGATE-DENY counter packets 0 bytes 0', tells: true },
    { program: 'nft', line: 'add rule ip nat KIAM ip daddr 169.254.169.254 counter', tells: true },
    { program: 'nft', line: 'add rule ip nat KUBE-SVC-ABC counter jump KUBE-SEP-DEF', tells: false },
    { program: 'nft', line: '# new generation 17 by process 4711 (iptables-nft)', tells: false },
    { program: 'nft', line: 'add rule ip nat OTHER ip daddr 169.254.170.23 counter', tells: true },
    { program: 'nft', line: 'add rule ip6 nat OTHER ip6 daddr fd00:ec2::23 counter', tells: true },
    { program: 'nft', line: 'add rule ip nat OTHER ip daddr 169.254.170.230 counter', tells: false },
    { program: 'ip', line: '[RULE]Deleted 6:\tfrom all to 169.254.169.254 prohibit', tells: true },
    { program: 'ip', line: '[LINK]Deleted 5: rolegate0: <BROADCAST,MULTICAST> mtu 1500', tells: true },
    { program: 'ip', line: '[LINK]7: cali1@if2: <BROADCAST,MULTICAST,UP> mtu 1500', tells: true },
    {
      program: 'ip',
      line: '[ADDR]Deleted 5: rolegate0    inet 169.254.170.23/32 scope global rolegate0',
      tells: true,
    },
    { program: 'ip', line: '[ADDR]4: eth1    inet 198.18.0.7/24 scope global eth1', tells: false },
    { program: 'ip', line: '[ROUTE]default via 198.18.0.254 dev eth1 table 2', tells: true },
    { program: 'ip', line: '[ROUTE]Deleted default via 198.18.0.254 dev eth0', tells: true },
    { program: 'ip', line: '[ROUTE]198.18.5.2 dev cali1 scope link', tells: false },
  ])('The line "$line" of $program signals a change: $tells', async ({ program, line, tells }) => {
    const stop = new AbortController();
    let changes = 0;
    const follow: FollowCommand = async (name, _args, onLine) => {
      if (name === program) onLine(line);
      await Promise.resolve();
      stop.abort();
      return '';
    };
    const deps = {
      follow,
      clock: createFakeClock(),
      log: silentLog,
      random: Math.random,
      containerCredentials: true,
    };
    await followKernelEvents({ ...deps, changed: () => (changes += 1) }, stop.signal);
    expect(changes > 0).toBe(tells);
  });
});
