import { containerCredentialsFlags } from '@rolegate/sandbox';
import { restartAgent } from '../fault.ts';
import type { AlertFault, Round } from '../fault.ts';

const noAddress: AlertFault = {
  title: 'an agent serves container credentials, and reconcile runs without --container-credentials',
  alerts: ['RolegateContainerCredentialsDown'],
  async inject(cluster) {
    await restartAgent(cluster, { flags: ['--container-credentials'] });
    return () => restartAgent(cluster);
  },
};

const keysForbidden: AlertFault = {
  title: 'an agent serves container credentials, and servers may not read the keys',
  alerts: ['RolegateIssuerKeysFailing'],
  async inject(cluster) {
    const { api, programs } = cluster.world;
    api.issuer.granted = false;
    // Servers read the keys only for an agent that serves.
    await restartAgent(cluster, { flags: containerCredentialsFlags(programs.containerCredentials) });
    return async () => {
      api.issuer.granted = true;
      await restartAgent(cluster);
    };
  },
};

export const endpointRounds: readonly Round[] = [[noAddress], [keysForbidden]];
