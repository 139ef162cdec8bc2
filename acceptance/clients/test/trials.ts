import type { Client } from '../client.ts';
import type { Seen } from '../run-client.ts';
import type { Trial } from '../container-credentials/trial.ts';

export const client: Client = { name: 'boto3', files: [], download: [], program: () => [] };

const refused: Seen = { ok: false, accessKeyId: '', account: '', error: 'refused', tookMs: 1_000 };
const served: Seen = { ok: true, accessKeyId: 'ASIA1', account: '111111111111', error: '', tookMs: 10 };

export function servedOutcome(differences: Partial<Seen> = {}): Seen {
  return { ...served, ...differences };
}

export function refusedOutcome(differences: Partial<Seen> = {}): Seen {
  return { ...refused, ...differences };
}

/** A client in an ordinary Pod that is served after one request. */
export function trialOf(differences: Partial<Trial> = {}): Trial {
  const answers = { containerCredentials: 1, statuses: ['200'], metadata: 0 };
  return { client, kind: 'ordinary', situation: 'served', seen: [served], answers, ...differences };
}
