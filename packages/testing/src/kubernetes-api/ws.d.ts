/** The part of the library that is used. Its own types are a package that nothing else here needs. */
declare module 'ws' {
  import type { IncomingMessage } from 'node:http';
  import type { Duplex } from 'node:stream';

  export interface WebSocket {
    on(event: 'close' | 'error', listener: () => void): this;
    send(message: Buffer): void;
    close(code: number): void;
  }

  export class WebSocketServer {
    constructor(options: {
      readonly noServer: true;
      readonly maxPayload: number;
      readonly handleProtocols: (offered: ReadonlySet<string>) => string | false;
    });
    readonly clients: ReadonlySet<WebSocket>;
    handleUpgrade(
      request: IncomingMessage,
      socket: Duplex,
      head: Buffer,
      opened: (webSocket: WebSocket) => void,
    ): void;
  }
}
