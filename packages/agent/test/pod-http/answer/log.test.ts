import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import type { AnswerRecord } from '../../../src/pod-http/answer/record.ts';
import { createAnswerLog } from '../../../src/pod-http/answer/log.ts';

function setup({ level }: { level?: 'debug' | 'info' } = {}) {
  const clock = createFakeClock();
  const lines: { level: string; message: string; fields: object }[] = [];
  const at =
    (level: string) =>
    (message: string, fields: object = {}) => {
      lines.push({ level, message, fields });
    };
  const answered = createAnswerLog({
    clock,
    log: {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      ...(level !== undefined && { level: { get: () => level, set: () => undefined } }),
    },
  });
  let described = 0;
  return {
    clock,
    lines,
    write: (record: AnswerRecord) => {
      answered(record, () => {
        described += 1;
        return record;
      });
    },
    described: () => described,
  };
}

function refused(more: Partial<AnswerRecord> = {}): AnswerRecord {
  return { ip: '10.0.0.7', uid: 'u-1', status: 404, reason: 'NoRole', first: false, ...more } as AnswerRecord;
}

describe('Answer log', () => {
  it.each([
    { reason: 'NoRole' as const, level: 'info' },
    { reason: 'HeldTimeout' as const, level: 'warn' },
    { reason: 'CredentialsExpired' as const, level: 'error' },
    { reason: 'MalformedRequest' as const, level: 'info' },
  ])('A refusal for $reason is logged at $level', ({ reason, level }) => {
    const { lines, write } = setup();
    write(refused({ reason }));
    expect(lines).toMatchObject([{ level, message: 'request refused', fields: { reason } }]);
  });

  it('Uses of other Pods’ tokens are audited, each pair of Pods for itself, whatever else is refused', async () => {
    const { clock, lines, write } = setup();
    const foreign = {
      reason: 'TokenForeign' as const,
      status: 401,
      uid: 'thief',
      namespace: 'shop',
      tokenPod: 'a/b',
    };
    for (let times = 0; times < 20; times += 1)
      write(refused({ uid: 'thief', namespace: 'shop', reason: 'TokenForeign' }));
    for (let token = 0; token < 200; token += 1)
      for (let times = 0; times < 7; times += 1) write(refused({ ...foreign, tokenUid: `token-${token}` }));
    await clock.advance(10_000);
    const audited = lines.filter(
      ({ message }) => message === 'ServiceAccount token used from another address',
    );
    expect(audited).toHaveLength(200 * 5);
    expect(new Set(audited.map(({ fields }) => (fields as AnswerRecord).tokenUid)).size).toBe(200);
    expect(audited[0]).toMatchObject({
      level: 'warn',
      fields: { audit: true, uid: 'thief', tokenPod: 'a/b' },
    });
    const left = lines.filter(({ message }) => message === 'refusal lines suppressed');
    expect(left).toHaveLength(201);
    expect(left.at(-1)).toMatchObject({ fields: { leftOut: 2, tokenUid: 'token-199', tokenPod: 'a/b' } });
  });

  it('Each MetadataNotFound is logged at debug and not as a refusal, however many there are', async () => {
    const { clock, lines, write } = setup();
    for (let times = 0; times < 20; times += 1) write(refused({ reason: 'MetadataNotFound' }));
    await clock.advance(10_000);
    expect(lines).toHaveLength(20);
    for (const line of lines)
      expect(line).toMatchObject({
        level: 'debug',
        message: 'request answered',
        fields: { reason: 'MetadataNotFound' },
      });
  });

  it('An answer is not described if its level is not logged', () => {
    const info = setup({ level: 'info' });
    info.write(refused({ reason: undefined }));
    expect(info.described()).toBe(0);
    info.write(refused({ reason: undefined, first: true }));
    expect(info.lines).toMatchObject([{ level: 'info', message: 'first credentials delivered' }]);
    const debug = setup({ level: 'debug' });
    debug.write(refused({ reason: undefined }));
    expect(debug.lines).toMatchObject([{ level: 'debug', message: 'request answered' }]);
  });

  it('A storm of refusals is sampled, and the log says how many lines were suppressed', async () => {
    const { clock, lines, write } = setup();
    for (let times = 0; times < 100; times += 1) write(refused());
    expect(lines).toHaveLength(5);
    await clock.advance(10_000);
    expect(lines.slice(5)).toMatchObject([
      { message: 'refusal lines suppressed', fields: { uid: 'u-1', reason: 'NoRole', leftOut: 95 } },
    ]);
    write(refused());
    expect(lines).toHaveLength(7);
  });

  it('A storm of one Pod hides neither another Pod nor another reason', () => {
    const { lines, write } = setup();
    for (let times = 0; times < 100; times += 1) write(refused());
    write(refused({ uid: 'u-2' }));
    write(refused({ reason: 'RoleMismatch' }));
    expect(lines).toHaveLength(7);
  });

  it('A window without a storm of refusals ends with no line, and leaves no timer', async () => {
    const { clock, lines, write } = setup();
    write(refused());
    await clock.advance(10_000);
    expect(lines).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('Refusals of thousands of unknown addresses are logged in few lines, and the others are counted', async () => {
    const { clock, lines, write } = setup();
    for (let at = 0; at < 3_000; at += 1)
      write(refused({ uid: undefined, ip: `10.0.${at >> 8}.${at & 255}` }));
    expect(lines.length).toBeLessThan(50);
    await clock.advance(10_000);
    expect(lines.at(-1)?.fields).toEqual({ leftOut: 3_000 - lines.length + 1 });
  });

  it('A storm of one Namespace hides no Pod of another, however many Pods it has', async () => {
    const { clock, lines, write } = setup();
    for (let at = 0; at < 3_000; at += 1) write(refused({ namespace: 'storm', uid: `u-${at}` }));
    expect(lines.length).toBeLessThan(100);
    write(refused({ namespace: 'shop', uid: 'u-shop' }));
    expect(lines.at(-1)?.fields).toMatchObject({ uid: 'u-shop' });
    await clock.advance(10_000);
    expect(lines.at(-1)?.fields).toEqual({ namespace: 'storm', leftOut: 3_000 - lines.length + 2 });
  });
});
