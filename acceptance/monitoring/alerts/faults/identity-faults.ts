import { setTimeout } from 'node:timers/promises';
import { createAgentPeer } from '@rolegate/sandbox';
import type { AlertFault, Round } from '../fault.ts';
import { repeatedly } from './limit-faults.ts';

const refused: AlertFault = {
  title: 'a client requests certificates with a token that is not of an agent',
  alerts: ['RolegateAttestationRefused'],
  inject({ world }) {
    const peer = createAgentPeer({
      port: world.programs.serverPorts[0] ?? 0,
      attestPort: world.programs.attestPorts[0] ?? 0,
      ca: () => world.authority?.bundle() ?? '',
    });
    const token = world.api.issueToken({ serviceAccount: 'app/default' });
    return repeatedly(2_000, () => peer.attest(token).catch(() => undefined));
  },
};

const SECRET = ['Secret', 'rolegate', 'rolegate-authority'] as const;
/** Servers read the Secret every 10 s. Milliseconds. */
const READ_WITHIN_MS = 12_000;

const restored: AlertFault = {
  title: 'a backup of the authority Secret from before a rotation is restored',
  alerts: ['RolegateAuthoritySecretOlder'],
  async inject({ world: { api, programs } }) {
    const backup = api.get(...SECRET);
    if (backup === undefined) throw new Error('there is no authority Secret');
    const { code, output } = await programs.authorityCommand('prepare');
    if (code !== 0) throw new Error(`rolegate-server authority prepare: ${output}`);
    await setTimeout(READ_WITHIN_MS);
    const { name } = backup.metadata;
    api.apply({ ...backup, metadata: { name, namespace: 'rolegate' } });
    // The servers have merged it, and nothing more happens.
    return () => undefined;
  },
};

export const identityRounds: readonly Round[] = [[refused], [restored]];
