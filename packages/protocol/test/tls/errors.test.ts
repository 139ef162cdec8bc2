import { describe, expect, it } from 'vitest';
import { describeHandshakeError } from '@rolegate/protocol';

describe('Handshake error', () => {
  it.each([
    {
      error: new Error('connect ECONNREFUSED 127.0.0.1:9610'),
      says: /^nothing is listening on the address \(/,
    },
    {
      error: Object.assign(new Error('read failed'), { code: 'ECONNRESET' }),
      says: /see its log \(ECONNRESET: read/,
    },
    {
      error: new Error('outer', { cause: new Error('certificate has expired') }),
      says: /server's certificate has exp/,
    },
    { error: new Error('tlsv13 alert certificate required'), says: /the server got no certificate from us/ },
    { error: new Error('something else'), says: /^something else$/ },
    { error: 'a text', says: /^a text$/ },
  ])('The error $error is described in plain words', ({ error, says }) => {
    expect(describeHandshakeError(error)).toMatch(says);
  });
});
