import { createServer } from 'node:net';
import type { ListenOptions, Server, Socket } from 'node:net';
import { stopListening } from '../net/stop-listening.ts';

/** Makes the server listen in a special way. Rejects with the error. */
export type Bind = (server: Server, at: ListenOptions) => Promise<void>;

export interface ListeningDeps {
  /** Each port that is listened on is added. */
  readonly ports: Set<number>;
  readonly accept: (socket: Socket, localPort: number) => void;
  /** Called if a listener fails later. */
  readonly failed: (what: 'listener', error: unknown) => void;
}

/** The addresses and paths at which a server listens. */
export function createListening({ ports, accept, failed }: ListeningDeps) {
  const servers = new Set<Server>();
  let isStopped = false;

  /** Resolves with the port, 0 for a path. Rejects if the server was stopped meanwhile. */
  async function listen(at: ListenOptions, bind: Bind = bindTo): Promise<number> {
    // Half-open: a client can end its side and still get answers.
    let port = 0;
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      accept(socket, port);
    });
    await bind(server, at);
    if (isStopped) {
      server.close();
      throw new Error('the server is closing');
    }
    servers.add(server);
    server.on('error', (error) => {
      failed('listener', error);
    });
    const address = server.address();
    if (typeof address !== 'object' || address === null) return 0;
    ({ port } = address);
    ports.add(port);
    return port;
  }

  /** Connections stay open. */
  async function stop(): Promise<void> {
    isStopped = true;
    await Promise.all([...servers].map(stopListening));
  }

  return { listen, stop };
}

function bindTo(server: Server, at: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
