import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Authorities } from '@rolegate/protocol';
import { createFakeClock, createTestCa } from '@rolegate/testing';
import type { TestCa } from '@rolegate/testing';
import type { Attested } from '../../src/identity/request-certificate.ts';
import { createCertificateRequest } from '../../src/identity/certificate-request.ts';
import { AttestationFailure } from '../../src/identity/failure.ts';
import { issuedOf } from '../../src/identity/issued-certificate.ts';
import { createOwnCertificate } from '../../src/identity/own-certificate.ts';
import { createTestLog } from '../addresses/known-pods.ts';

const MINUTE_MS = 60_000;
const START_MS = Math.floor(Date.now() / 1_000) * 1_000;
const away = (message = 'nothing is listening on the address (ECONNREFUSED 198.18.0.1:9610)') =>
  new AttestationFailure('unavailable', { message, reason: 'ServerUnavailable' });

let ca: TestCa;
let other: TestCa;
beforeAll(async () => {
  [ca, other] = [await createTestCa(), await createTestCa()];
});

const endings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

/** A certificate valid for an hour from the clock's now. */
async function certify(nowMs: number, by: TestCa = ca): Promise<Attested> {
  const { key, der } = await createCertificateRequest();
  const certificateChain = await by.certify(der, {
    uris: ['spiffe://rolegate/node/node-1'],
    usages: ['client'],
    notBefore: new Date(nowMs),
    notAfter: new Date(nowMs + 60 * MINUTE_MS),
  });
  const issued = issuedOf({ certificateChain, authorities: by.pem }, { key, nodeName: 'node-1', nowMs });
  return { issued, server: '198.18.0.1:9610' };
}

/** Each answer serves one attempt, the last one all that follow: an error, or the authority that signs. */
function setup(answers: readonly (Error | TestCa)[], { file = ca.pem }: { file?: string | undefined } = {}) {
  const clock = createFakeClock({ nowMs: START_MS });
  const log = createTestLog();
  const outcomes: string[] = [];
  const attempts: number[] = [];
  const stop = new AbortController();
  let authorities = authoritiesOf(file);
  let changed: (next: Authorities) => void = () => undefined;
  const own = createOwnCertificate({
    authorities: {
      current: () => authorities,
      fault: () => undefined,
      onChange: (call) => (changed = call),
    },
    async attest() {
      attempts.push(clock.monotonic());
      const answer = answers[Math.min(attempts.length, answers.length) - 1];
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer is left');
      return certify(clock.now(), answer);
    },
    attested: (outcome) => outcomes.push(outcome),
    clock,
    log,
    random: () => 0.5,
  });
  const running = own.run(stop.signal);
  endings.push(async () => {
    stop.abort();
    await running;
  });
  return {
    own,
    clock,
    log,
    outcomes,
    attempts,
    stop,
    running,
    /** Advances the clock until this many attempts were made and answered. */
    async attempt(count: number): Promise<void> {
      for (let turn = 0; turn < 400 && outcomes.length < count; turn += 1) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        await clock.advance(attempts.length < count ? 500 : 0);
      }
      expect(outcomes).toHaveLength(count);
    },
    rewrite(pem: string): void {
      authorities = authoritiesOf(pem);
      changed(authorities);
    },
    told: () =>
      log.lines.map(([level, message, fields]) => [level, message, (fields as { error?: string }).error]),
  };
}

function authoritiesOf(pem: string): Authorities {
  return { ca: Buffer.from(pem), caEndsMs: START_MS + 24 * 60 * MINUTE_MS };
}

const certOf = ({ own }: ReturnType<typeof setup>) => own.current().cert?.toString();

describe('Agent certificate', () => {
  it('The agent asks for a certificate at once, and shows none until it has one', async () => {
    const it = setup([ca]);
    expect(it.own.current().cert).toBeUndefined();
    expect(it.own.state()).toBe('none yet: no server has been contacted yet');
    await it.attempt(1);
    expect(it.attempts).toEqual([0]);
    await it.own.first;
    expect([it.own.state(), it.outcomes]).toEqual([true, ['issued']]);
    expect(it.own.secondsLeft()['certificate']).toBe(3_600);
    expect(it.own.bare()).toEqual({ ca: it.own.current().ca });
  });

  it('The agent renews its certificate at half its life, and uses the previous one until then', async () => {
    const it = setup([ca]);
    await it.attempt(1);
    const before = certOf(it);
    await it.clock.advance(30 * MINUTE_MS);
    expect([it.attempts, certOf(it)]).toEqual([[0], before]);
    await it.attempt(2);
    expect(it.attempts[1]).toBe(30 * MINUTE_MS + 1_000); // spread by up to two seconds
    expect(certOf(it)).not.toBe(before);
    expect(it.log.lines.map(([, message]) => message)).toEqual(['certificate issued', 'certificate issued']);
  });

  it('The agent retries without end, after pauses that grow from about a second to less than half a minute', async () => {
    const it = setup([away()]);
    await it.attempt(12);
    const pauses = it.attempts.map((at, index) => at - (it.attempts[index - 1] ?? 0));
    expect(pauses.slice(1, 3).every((pause) => pause >= 750 && pause <= 2_500)).toBe(true);
    expect(pauses.slice(8).every((pause) => pause >= 22_500 && pause <= 24_000)).toBe(true);
    expect(new Set(it.outcomes)).toEqual(new Set(['unavailable']));
  });

  it('The agent waits for a missing file with short pauses, which make no later pause longer', async () => {
    const missing = new AttestationFailure('no-token', { message: '--token-file /t does not exist' });
    const it = setup([missing, missing, missing, missing, away(), away(), ca]);
    await it.attempt(7);
    const pauses = it.attempts.map((at, index) => at - (it.attempts[index - 1] ?? 0));
    expect(pauses.slice(1, 5).every((pause) => pause >= 2_000 && pause <= 2_500)).toBe(true);
    expect(pauses[5]).toBeLessThanOrEqual(1_500);
  });

  it('The agent logs a failure once, and again only if more than its address changes', async () => {
    const refused = new AttestationFailure('refused', {
      message: 'the Pod is not known',
      reason: 'ForeignNode',
    });
    const it = setup([
      away(),
      away('nothing is listening on the address (ECONNREFUSED [fd00::2]:9610)'),
      refused,
      refused,
    ]);
    await it.attempt(5);
    expect(it.log.lines).toEqual([
      [
        'warn',
        'certificate request failed',
        {
          reason: 'ServerUnavailable',
          error: 'nothing is listening on the address (ECONNREFUSED 198.18.0.1:9610)',
          hint: expect.stringMatching(/^Pods get no credentials until a certificate is issued\. Fix/),
        },
      ],
      ['warn', 'certificate request failed', expect.objectContaining({ reason: 'ForeignNode' })],
    ]);
    expect(it.own.state()).toBe('none yet: the Pod is not known');
  });

  it('The agent keeps its certificate if a renewal is refused, and logs an error when it expires', async () => {
    const refused = new AttestationFailure('refused', {
      message: 'the Pod is not known',
      reason: 'ForeignNode',
    });
    const it = setup([ca, refused]);
    await it.attempt(1);
    const before = certOf(it);
    await it.clock.advance(30 * MINUTE_MS);
    await it.attempt(2);
    expect(certOf(it)).toBe(before);
    expect(it.own.state()).toBe('valid, but not renewed: the Pod is not known');
    await it.clock.advance(31 * MINUTE_MS);
    expect(certOf(it)).toBe(before);
    expect(it.own.state()).toBe('expired: the Pod is not known');
    expect(it.told()).toEqual([
      ['info', 'certificate issued', undefined],
      ['warn', 'certificate request failed', 'the Pod is not known'],
      ['error', 'certificate request failed', 'the Pod is not known'],
    ]);
    expect(it.own.secondsLeft()['certificate']).toBeLessThan(0);
  });

  it('A success resets the pauses, so that the next failure is logged and retried after about a second', async () => {
    const it = setup([ca, away(), away(), away(), ca, away()]);
    await it.attempt(1);
    await it.clock.advance(30 * MINUTE_MS);
    await it.attempt(5);
    await it.clock.advance(30 * MINUTE_MS);
    await it.attempt(7);
    expect((it.attempts[6] ?? 0) - (it.attempts[5] ?? 0)).toBeLessThanOrEqual(1_500);
    expect(it.told().map(([level]) => level)).toEqual(['info', 'warn', 'info', 'warn']);
  });

  it('The agent tries again after an unexpected error', async () => {
    const it = setup([new TypeError('a fault of ours'), ca]);
    await it.attempt(2);
    expect(it.outcomes).toEqual(['unusable', 'issued']);
  });

  it('The agent asks for no certificate after it has stopped', async () => {
    const it = setup([away()]);
    await it.attempt(1);
    it.stop.abort();
    await it.running;
    await it.clock.advance(10 * MINUTE_MS);
    expect(it.attempts).toHaveLength(1);
  });
});

describe('Agent authorities', () => {
  const trusted = ({ own }: ReturnType<typeof setup>) => own.current().ca.toString().match(/BEGIN/g)?.length;

  it("The agent trusts the authorities of the file and of the server's answer, each once", async () => {
    const it = setup([other]);
    expect(trusted(it)).toBe(1);
    await it.attempt(1);
    expect(trusted(it)).toBe(2);
    it.rewrite(other.pem);
    expect(trusted(it)).toBe(1);
    it.rewrite(other.pem + ca.pem);
    expect(trusted(it)).toBe(2);
  });

  it('The agent tries again at once if the authorities in the file change after a failure', async () => {
    const it = setup([away(), away(), away(), away(), away(), away(), ca]);
    await it.attempt(6);
    const atMs = it.clock.monotonic();
    it.rewrite(other.pem);
    await it.attempt(7);
    expect(it.attempts[6]).toBe(atMs);
  });

  it('The agent renews within two seconds if the authorities no longer include its issuer', async () => {
    const it = setup([ca, other]);
    await it.attempt(1);
    const before = it.own.current();
    const atMs = it.clock.monotonic();
    it.rewrite(other.pem);
    await it.attempt(2);
    expect(it.attempts[1]).toBe(atMs + 1_000);
    expect(it.own.current().cert).not.toEqual(before.cert);
    expect(trusted(it)).toBe(1);
  });

  it('An authority that is added, or a file that lags behind the server, causes no early renewal', async () => {
    const it = setup([ca, other]);
    await it.attempt(1);
    it.rewrite(ca.pem + other.pem);
    await it.clock.advance(10 * MINUTE_MS);
    expect(it.attempts).toEqual([0]);
    const lagging = setup([other, other]);
    await lagging.attempt(1);
    await lagging.clock.advance(20 * MINUTE_MS);
    expect(lagging.attempts).toEqual([0]);
  });

  it('The agent trusts nothing while it has no authority', () => {
    const clock = createFakeClock();
    const own = createOwnCertificate({
      authorities: { current: () => undefined, fault: () => 'x', onChange: () => undefined },
      attest: () => Promise.reject(away()),
      attested: () => undefined,
      clock,
      log: createTestLog(),
      random: () => 0.5,
    });
    expect(own.current).toThrow('no certificate authority is known yet');
    expect(own.secondsLeft()).toEqual({});
  });
});
