import type { SeenAnswer, SeenRequest } from '../../metadata/requests.ts';
import type { MetadataTrial } from '../../metadata/trial.ts';
import { client, servedOutcome } from '../trials.ts';

const LIST = '/latest/meta-data/iam/security-credentials/';

export function request(differences: Partial<SeenRequest> = {}): SeenRequest {
  return {
    kind: 'request',
    atMs: 1_000,
    method: 'GET',
    path: `${LIST}team/served`,
    userAgent: 'boto3',
    token: true,
    family: 'ipv4',
    ...differences,
  };
}

export function answer(status: number, atMs = 1_010): SeenAnswer {
  return { kind: 'answer', atMs, status };
}

/** The requests of an SDK, with the last answer. */
export function packetsOf(status = 200): MetadataTrial['packets'] {
  return [
    request({ method: 'PUT', path: '/latest/api/token', token: false }),
    answer(200),
    request({ path: LIST }),
    answer(200),
    request(),
    answer(status),
  ];
}

/** A client whose Pod is known and that gets credentials with the usual three requests. */
export function metadataTrialOf(differences: Partial<MetadataTrial> = {}): MetadataTrial {
  return {
    client,
    situation: 'known',
    seen: [servedOutcome()],
    packets: packetsOf(),
    knownMs: 0,
    ...differences,
  };
}
