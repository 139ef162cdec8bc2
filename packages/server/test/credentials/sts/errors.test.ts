import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { classifyStsError } from '../../../src/credentials/sts/errors.ts';
import { awsError } from '../fixture.ts';

const systemError = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe('STS errors', () => {
  it.each([
    { error: systemError('ENOTFOUND'), reason: 'StsUnavailable', code: 'ENOTFOUND' },
    { error: systemError('ECONNRESET'), reason: 'StsUnavailable', code: 'ECONNRESET' },
    { error: systemError('CERT_HAS_EXPIRED'), reason: 'StsUnavailable', code: 'CERT_HAS_EXPIRED' },
    {
      error: Object.assign(new Error('slow'), { name: 'TimeoutError' }),
      reason: 'StsUnavailable',
      code: 'TimeoutError',
    },
    {
      error: awsError('CredentialsProviderError'),
      reason: 'ServerCredentials',
      code: 'CredentialsProviderError',
    },
    {
      error: awsError('PackedPolicyTooLargeException'),
      reason: 'StsInvalidRequest',
      code: 'PackedPolicyTooLargeException',
    },
    { error: awsError('Unheard'), reason: 'StsUnavailable', code: 'Unheard' },
    {
      error: Object.assign(new Error('busy'), { name: 'Unknown', $metadata: { httpStatusCode: 429 } }),
      reason: 'StsThrottled',
      code: 'Unknown',
    },
  ])('The error $code is classified as $reason', ({ error, reason, code }) => {
    expect(classifyStsError(error)).toMatchObject({ reason, code });
  });

  it.each([
    {
      message:
        'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining',
    },
    { message: 'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.' },
  ])('A ValidationError with this message means that the duration is too long: $message', ({ message }) => {
    expect(classifyStsError(awsError('ValidationError', message)).durationTooLong).toBe(true);
    expect(classifyStsError(awsError('AccessDenied', message)).durationTooLong).toBe(false);
  });

  it('The message of an STS error names its code and its request', () => {
    expect(classifyStsError(awsError('AccessDenied', 'not authorized', 'abc')).message).toBe(
      'AccessDenied: not authorized (request abc)',
    );
  });

  it('The message omits the signed request that STS returns, because its session token is a secret', () => {
    const message =
      "The signature does not match.\n\nThe Canonical String for this request should have been\n'POST\nx-amz-security-token:SECRET'";
    expect(classifyStsError(awsError('SignatureDoesNotMatch', message)).message).toBe(
      'SignatureDoesNotMatch: The signature does not match. (request r-1)',
    );
    const oneLine = classifyStsError(awsError('SignatureDoesNotMatch', message.replaceAll('\n', ' ')));
    expect(oneLine.message).not.toContain('SECRET');
  });

  it('Anything thrown is classified, with a short message', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        const { reason, message } = classifyStsError(thrown);
        expect(reason).toBeDefined();
        expect(message.length).toBeLessThan(10_000);
      }),
    );
    expect(classifyStsError(awsError('AccessDenied', 'x'.repeat(100_000))).message.length).toBeLessThan(500);
  });
});
