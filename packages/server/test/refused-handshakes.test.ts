import { expect, it } from '@jest/globals';
import { createFakeClock } from '@rolegate/testing';
import { createRefusedHandshakes } from '../src/refused-handshakes.ts';
import { recordingLog } from './kubernetes/setup.ts';

it('says of refused handshakes of one address a few a minute, and hides no other address', async () => {
  const clock = createFakeClock();
  const { log, lines } = recordingLog();
  const refused = createRefusedHandshakes({ clock, log });
  for (let port = 1024; port < 1124; port++) refused({ peer: `198.18.0.1:${port}`, fault: 'no certificate' });
  expect(lines).toHaveLength(5);
  refused({ peer: '198.18.0.2:1024', fault: 'unknown authority' });
  expect(lines.at(-1)?.fields).toEqual({ peer: '198.18.0.2:1024', error: 'unknown authority' });
  await clock.advance(60_000);
  expect(lines.at(-1)?.fields).toEqual({ peer: '198.18.0.1:1123', leftOut: 95 });
});
