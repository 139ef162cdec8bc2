import { join } from 'node:path';
import { NODE_NAME, SERVER_NAME } from '@rolegate/sandbox';
import { writeTlsFiles } from '@rolegate/testing';
import type { SoakFault } from './soak-fault.ts';

/** New certificates of the same authority replace the files of servers and agent, as cert-manager does. */
export const certificatesRenewed: SoakFault = {
  name: 'certificates of servers and agent are renewed',
  longestMs: 3_000,
  restarts: false,
  async inject({ world: { folder, programs } }) {
    const { ca } = programs;
    await writeTlsFiles(join(folder, 'server'), { ca: ca.pem, ...(await ca.issue({ dns: [SERVER_NAME] })) });
    const uris = [`spiffe://rolegate/node/${NODE_NAME}`];
    await writeTlsFiles(join(folder, 'agent'), { ca: ca.pem, ...(await ca.issue({ uris })) });
    return () => undefined;
  },
};
