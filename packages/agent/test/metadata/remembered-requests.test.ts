import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createMemory } from '@rolegate/runtime';
import type { Remembered } from '@rolegate/runtime';
import { createFakeClock } from '@rolegate/testing';
import type { AgentMemory, MemoryKind } from '../../src/memory/memory.ts';
import { createRoutes } from '../../src/metadata/request/routes.ts';
import { createTokens } from '../../src/imds-tokens/tokens.ts';

const IP = '10.0.0.7';
const OTHER_IP = '10.0.0.8';
const SIX_HOURS_MS = 21_600_000;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

function setup() {
  const clock = createFakeClock();
  const memory = createMemory<MemoryKind>({ clock });
  const all: Remembered<unknown>[] = [];
  const watched: AgentMemory = {
    ...memory,
    remember(kind, options) {
      const remembered = memory.remember(kind, options);
      all.push(remembered as Remembered<unknown>);
      return remembered;
    },
  };
  const tokens = createTokens({ clock, randomBytes: () => Buffer.alloc(32, 2), memory: watched });
  tokens.setKeys([{ id: 'a', secret: Buffer.alloc(32, 1) }]);
  const routes = createRoutes({ everReadable: () => false, memory: watched });
  return {
    clock,
    tokens,
    routes,
    sizes: memory.sizes,
    remembers: (name: string) => all.some(({ peek }) => peek(name) !== undefined),
  };
}

function heapMb(): number {
  gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
}

/** A slice of a head of 16 KiB, as the parser passes it on. */
function pieceOfHead(piece: string): string {
  const head = Buffer.from(`${'x'.repeat(16_000)}${piece}`).toString('latin1');
  return head.slice(16_000);
}

describe('Remembered tokens', () => {
  it('Valid tokens are remembered for six hours, 2,048 at most, and a greedy Pod does not displace those of others', async () => {
    const { clock, tokens, sizes, remembers } = setup();
    const mine = tokens.mint({ ip: IP, uid: 'mine', ttlSeconds: 21_600 });
    expect(tokens.check(mine, { ip: IP, uid: 'mine' })).toBe('ok');
    for (let made = 0; made < 5_000; made++) {
      const token = tokens.mint({ ip: OTHER_IP, uid: 'greedy', ttlSeconds: 21_600 });
      tokens.check(token, { ip: OTHER_IP, uid: 'greedy' });
    }
    expect([remembers(mine), sizes()['tokens']]).toEqual([true, 2_048]);
    await clock.advance(SIX_HOURS_MS + SIX_HOURS_MS / 16);
    expect(sizes()['tokens']).toBe(0);
  });

  it('Remembered tokens keep nothing of their requests in memory', () => {
    const { tokens, sizes } = setup();
    const before = heapMb();
    for (let made = 0; made < 2_048; made++) {
      const token = pieceOfHead(tokens.mint({ ip: IP, uid: 'u', ttlSeconds: 21_600 }));
      expect(tokens.check(token, { ip: IP, uid: 'u' })).toBe('ok');
    }
    expect([heapMb() - before < 8, sizes()['tokens']]).toEqual([true, 2_048]);
  });
});

it('Remembered routes keep nothing of their requests in memory', () => {
  const { routes, sizes } = setup();
  const before = heapMb();
  for (let made = 0; made < 512; made++) routes(pieceOfHead(`/latest/made/up/path/number/${made}`), 'greedy');
  expect([heapMb() - before < 3, sizes()['routes']]).toEqual([true, 512]);
});
