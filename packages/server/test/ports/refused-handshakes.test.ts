import { describe, expect, it } from 'vitest';
import { createFakeClock } from '@rolegate/testing';
import { createRefusedHandshakes } from '../../src/ports/refused-handshakes.ts';
import { recordingLog } from '../kubernetes/setup.ts';

function setup({ byAuthority = false } = {}) {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  const counted: string[] = [];
  const metrics = { refusedHandshake: (why: string) => counted.push(why) };
  const refused = createRefusedHandshakes({ clock, log, metrics, byAuthority });
  return { clock, lines, counted, refused };
}

const NONE = { why: 'no_certificate', fault: 'no certificate', hint: 'give it one' } as const;

it('Refused handshakes of an address are all counted, and a few a minute logged, hiding no other address or error', async () => {
  const { clock, lines, counted, refused } = setup();
  for (let port = 1024; port < 1124; port++) refused({ peer: `198.18.0.1:${port}`, ...NONE });
  expect([lines.length, counted.length]).toEqual([5, 100]);
  refused({ peer: '198.18.0.2:1024', why: 'left', fault: 'it left', hint: undefined });
  expect(lines.at(-1)?.fields).toMatchObject({ peer: '198.18.0.2:1024', error: 'it left' });
  expect(counted.at(-1)).toBe('left');
  refused({ peer: '198.18.0.1:1', why: 'certificate', fault: 'expired', hint: undefined });
  expect(lines.at(-1)?.fields).toMatchObject({ peer: '198.18.0.1:1', error: 'expired' });
  await clock.advance(60_000);
  expect(lines.at(-1)?.fields).toEqual({ peer: '198.18.0.1:1123', leftOut: 95 });
});

describe('Hint', () => {
  it('The hint for a client without a certificate is to upgrade agents first if the server uses its own authority', () => {
    const { lines, refused } = setup({ byAuthority: true });
    refused({ peer: '198.18.0.1:1024', ...NONE });
    expect(lines[0]?.fields).toMatchObject({
      error: 'no certificate',
      hint: expect.stringMatching(/^Upgrade agents before servers\. /) as unknown,
    });
  });

  it('The hint for a client without a certificate is the one of TLS if certificates come from files', () => {
    const { lines, refused } = setup();
    refused({ peer: '198.18.0.1:1024', ...NONE });
    expect(lines[0]?.fields).toMatchObject({ hint: 'give it one' });
  });
});
