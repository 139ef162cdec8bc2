import { describe, expect, it } from 'vitest';
import { createRenderer } from '../../src/logs/render.ts';
import { createColors } from '../../src/output/colors.ts';
import type { LogEntry } from '../../src/logs/entry.ts';
import { agentOn, entryAt, refusal, server } from '../log-lines.ts';

function render(...entries: LogEntry[]): string[] {
  const renderer = createRenderer(createColors(false));
  return entries
    .map((entry) => renderer({ kind: 'line', entry, joined: 'no' }))
    .join('')
    .trimEnd()
    .split('\n');
}

describe('a line of a log in words', () => {
  it('says when, where and who, what was asked, the answer, the reason and what to do', () => {
    const [day, line] = render(entryAt(12, refusal({ role: 'arn:aws:iam::123456789012:role/cart' })));
    expect(day).toBe('2026-11-30 (UTC)');
    expect(line).toBe(
      '07:00:00.012  a  agent  shop/cart-0  GET credentials of cart → 403  ' +
        'NamespaceDenied: the Namespace permits only team-.*  ' +
        'hint: Annotate the Namespace with iam.amazonaws.com/permitted, or change the Pod; ' +
        'kubectl rolegate explain NAMESPACE/NAME shows which rule decides.',
    );
  });

  it('says what a held request waited for', () => {
    const fields = {
      reason: 'HeldTimeout',
      status: 503,
      waitedFor: 'a session',
      cache: 'hold',
      durationMs: 850.2,
    };
    expect(render(entryAt(0, refusal(fields)))[1]).toContain('→ 503 (waited for a session, held 850 ms)');
  });

  it("prefers the program's own hint to that of the reason", () => {
    expect(render(entryAt(0, refusal({ hint: 'Do this.' })))[1]).toMatch(/hint: Do this\.$/);
  });

  it('shows the fields of other lines after their message', () => {
    const [, line] = render(
      entryAt(0, { msg: 'session issued', role: 'arn:aws:iam::1:role/x', nodeCount: 3 }, server),
    );
    expect(line).toBe('07:00:00.000  -  server-0  -  session issued role=arn:aws:iam::1:role/x nodeCount=3');
  });

  it('passes lines through that are not JSON, without what controls a terminal', () => {
    const [, line] = render({ ...entryAt(0), text: 'TypeError: \u001b[31mx', fields: undefined });
    expect(line).toBe('07:00:00.000  a  agent  -  TypeError: \\u001b[31mx');
  });

  it('has a line for each new day', () => {
    const lines = render(entryAt(0), entryAt(86_400_000));
    expect(lines.filter((line) => line.endsWith('(UTC)'))).toEqual(['2026-11-30 (UTC)', '2026-12-01 (UTC)']);
  });

  it('refers to an earlier line of its request', () => {
    const renderer = createRenderer(createColors(false));
    const entry = entryAt(3_000, refusal());
    const text = renderer({ kind: 'line', entry, joined: { earlierMs: entry.atMs - 3_000 } });
    expect(text).toContain('└ about the request at 07:00:00.000: GET credentials → 403');
  });

  it('names the reason of lines that are folded', () => {
    const renderer = createRenderer(createColors(false));
    const like = entryAt(0, refusal(), agentOn('a'));
    expect(renderer({ kind: 'more', count: 120, like, untilMs: like.atMs })).toContain(
      '… 120 more like this (NamespaceDenied)',
    );
  });
});
