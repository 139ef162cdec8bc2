import type { Step, World } from '@rolegate/testing';
import type { Client } from './client.ts';
import { prepareMovedClock } from './metadata/moved-clock.ts';
import { prepareClient } from './prepare.ts';

export interface Preparation {
  readonly steps: readonly Step<Pick<World, 'lines'>>[];
  /** The folders of the clients that have been installed so far. */
  readonly folders: ReadonlyMap<Client, string>;
}

/** Steps that install the clients and what their trials need. */
export function preparation(clients: readonly Client[]): Preparation {
  const folders = new Map<Client, string>();
  const steps = clients.map((client) => ({
    title: `${client.name} is installed`,
    async run() {
      folders.set(client, await prepareClient(client));
    },
  }));
  const clock = { title: 'What moves the clock of a client is installed', run: prepareMovedClock };
  const needsClock = clients.some(({ prolongs }) => prolongs === true);
  return { steps: needsClock ? [...steps, clock] : steps, folders };
}
