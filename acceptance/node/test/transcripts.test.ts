import { describe, expect, it } from 'vitest';
import { firstDifference, masked, sessionOf } from '../plugin/transcripts.ts';

describe('The transcripts of kubectl rolegate', () => {
  it.each([
    ['10:00:01.234  lab-node  agent  shop/cart', '11:59:59.001  lab-node   agent  shop/cart'],
    ['feed synced server=198.18.64.6:9610 awayMs=177', 'feed synced server=198.18.64.12:9610 awayMs=9.5'],
    ['pod/rolegate-agent-zstk2', 'pod/rolegate-agent-9rvn7'],
    ['rolegate-server-7c4b46c664-cc4nd', 'rolegate-server-5966c997df-2nmpz'],
    ['kiam-agent-zstk2, kiam-server-7c4b46c664-cc4nd', 'kiam-agent-9rvn7, kiam-server-5966c997df-2nmpz'],
    [
      'lab-node: moved; requests refused in the last ten minutes: 0',
      'lab-node: moved; requests refused in the last ten minutes: 12',
    ],
    ['has credentials …D6VS for 50 more minutes', 'has credentials …KHFR for 59 more minutes'],
    [
      'Pod  shop/cart (6bebb5ac-50de-42a6-a0b2-dbe26c33baac)',
      'Pod  shop/cart (71992d36-eb9e-461f-925e-8e72e5d17bb6)',
    ],
    ['All agents have dropped it (0 s)', 'All agents have dropped it (12 s)'],
    [
      '  evidence  refused by 198.18.64.6,\n            a server',
      '  evidence  refused by\n            198.18.64.17, a server',
    ],
    ['2026-11-30 (UTC)\n23:59:59.9  a\n', '2026-11-30 (UTC)\n23:59:59.9  a\n2026-12-01 (UTC)\n'],
    ['until 2026-11-30T09:57:50.000Z, 59m1s left', 'until 2026-12-01T00:00:00Z, 1h left'],
  ])('What varies between runs is no difference: %s', (documented, printed) => {
    expect(firstDifference(masked(documented), masked(printed))).toBeUndefined();
  });

  it.each([
    ['403 NamespaceDenied', '404 NoRole'],
    ['GET 169.254.169.254', 'GET 169.254.170.23'],
    ['shop/cart', 'shop/checkout'],
    ['a\nb', 'a'],
  ])('Everything else is a difference: %s', (documented, printed) => {
    expect(firstDifference(masked(documented), masked(printed))).toContain('documented');
  });

  it('A transcript has the command line, the output and then stderr', () => {
    const result = { code: 3, stdout: 'out\n', stderr: 'note\n' };
    expect(sessionOf(['who', 'team/*', '-n', 'shop'], result)).toBe(
      "$ kubectl rolegate who 'team/*' -n shop\nout\nnote\n",
    );
  });
});
