import { describe, expect, it } from 'vitest';
import { roleArnParts } from '@rolegate/protocol';

describe('Role ARN', () => {
  it.each([
    { arn: 'arn:aws:iam::111122223333:role/reader', accountId: '111122223333', pathAndName: 'reader' },
    { arn: 'arn:aws-cn:iam::111122223333:role/a/b', accountId: '111122223333', pathAndName: 'a/b' },
    { arn: 'arn:aws:iam::11112222333:role/reader', accountId: '', pathAndName: 'reader' },
    { arn: 'arn:aws:iam::1111222233334:role/reader', accountId: '', pathAndName: 'reader' },
    { arn: 'arn:aws:iam:::role/reader', accountId: '', pathAndName: 'reader' },
  ])('The account "$accountId" and the name "$pathAndName" are read from $arn', ({ arn, ...parts }) => {
    expect(roleArnParts(arn)).toEqual(parts);
  });
});
