import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOurs } from './accepted.ts';

interface Recorded {
  readonly client: string;
  /** Recorded from the client, or written like its HTTP library does. */
  readonly source: string;
  /** Latin-1 text: one request with its body. */
  readonly bytes: string;
}

const recorded = JSON.parse(
  readFileSync(join(import.meta.dirname, 'recorded-heads.json'), 'utf8'),
) as readonly Recorded[];

describe('Recorded requests', () => {
  it.each(recorded)(
    'The request of $client ($source) is accepted in one piece, byte by byte and twice in a row',
    async ({ bytes }) => {
      const ours = await createOurs();
      const [method = '', target = ''] = bytes.split(' ', 2);
      for (const pieces of [[bytes], Array.from(bytes), [bytes + bytes]]) {
        const accepted = await ours(pieces);
        expect(accepted[0]).toMatchObject({ method, target, body: '' });
      }
    },
  );
});
