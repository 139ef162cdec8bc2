import { describe, expect, it } from 'vitest';
import { bytesOfSockets } from '../watch/socket-memory.ts';

// As `ss -HOtanm` of iproute2 6.1 prints them.
const LISTENING =
  'LISTEN 0      4096   198.18.0.10:8181       0.0.0.0:*    skmem:(r0,rb131072,t0,tb16384,f0,w0,o0,bl0,d7)';
const UNREAD =
  'ESTAB  0      87520  198.18.0.10:8181   198.18.7.20:4242 skmem:(r768,rb131072,t65792,tb332800,f2304,w205824,o16,bl512,d0)';
const CLOSING = 'TIME-WAIT 0  0      198.18.0.10:8181   198.18.7.20:4243';

describe('bytesOfSockets', () => {
  it('Socket memory is the sum of queued bytes, without limits and drops', () => {
    expect(bytesOfSockets([LISTENING, UNREAD].join('\n'))).toBe(768 + 2304 + 205_824 + 16 + 512);
  });

  it('A socket without buffers counts as 0 bytes', () => {
    expect(bytesOfSockets(CLOSING)).toBe(0);
  });

  it('The memory of all sockets is summed', () => {
    expect(bytesOfSockets([UNREAD, UNREAD].join('\n'))).toBe(2 * bytesOfSockets(UNREAD));
  });
});
