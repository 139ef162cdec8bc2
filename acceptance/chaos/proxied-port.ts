import { startFeedProxy } from '@rolegate/testing';
import type { FeedProxy } from '@rolegate/testing';

/** A path to a service on loopback that can fail like a network or a dead process. Its port stays the same. */
export interface ProxiedPort {
  readonly port: number;
  /** The current proxy, which is replaced after each `close`. */
  readonly proxy: FeedProxy;
  /** Resets connections and closes the listener, as if the process had ended. */
  close(): Promise<void>;
  /** Reopens the path, by default to the same service port. */
  open(to?: number): Promise<void>;
}

/** Opens a path to a port of 127.0.0.1. */
export async function openProxiedPort(to: number): Promise<ProxiedPort> {
  let proxy = await startFeedProxy({ target: { port: to } });
  let isOpen = true;
  const { port } = proxy;
  async function close(): Promise<void> {
    if (isOpen) await proxy.close();
    isOpen = false;
  }
  return {
    port,
    get proxy() {
      return proxy;
    },
    close,
    async open(other = to) {
      if (isOpen) return;
      proxy = await startFeedProxy({ target: { port: other }, port });
      isOpen = true;
    },
  };
}
