import { startFeedProxy } from '@rolegate/testing';
import type { FeedProxy } from '@rolegate/testing';

/** A way to a service on loopback, which can be made to fail as a network or a dead process does; its port stays the same. */
export interface ProxiedPort {
  readonly port: number;
  /** As it stands now: another one after each `shut`. */
  readonly proxy: FeedProxy;
  /** As when the process behind it is gone: what is open is reset, nobody listens. */
  shut(): Promise<void>;
  /** To the same port as before unless told. */
  open(to?: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens one before a port of 127.0.0.1. */
export async function openProxiedPort(to: number): Promise<ProxiedPort> {
  let proxy = await startFeedProxy({ target: { port: to } });
  let isOpen = true;
  const { port } = proxy;
  async function shut(): Promise<void> {
    if (isOpen) await proxy.close();
    isOpen = false;
  }
  return {
    port,
    get proxy() {
      return proxy;
    },
    shut,
    async open(other = to) {
      if (isOpen) return;
      proxy = await startFeedProxy({ target: { port: other }, port });
      isOpen = true;
    },
    close: shut,
  };
}
