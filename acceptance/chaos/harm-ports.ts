import type { ProxiedPort } from './proxied-port.ts';

/** How often connections are reset while a way is cut. Milliseconds. */
const CUT_EVERY_MS = 300;
/** After so long of resets nothing is let in any more. Milliseconds. */
const THEN_REFUSED_AFTER_MS = 2_000;

/** Nothing listens any more, as when the process is gone. */
export async function shut(ports: readonly ProxiedPort[]): Promise<() => Promise<void>> {
  await Promise.all(ports.map((port) => port.shut()));
  return async () => {
    await Promise.all(ports.map((port) => port.open()));
  };
}

/** Connections are reset again and again, then refused. */
export function cutThenRefuse(ports: readonly ProxiedPort[]): () => Promise<void> {
  const each = (act: (proxy: ProxiedPort['proxy']) => void) => {
    for (const { proxy } of ports) act(proxy);
  };
  const cut = () => {
    each((proxy) => {
      proxy.cut();
    });
  };
  const timer = setInterval(cut, CUT_EVERY_MS);
  cut();
  const refusing = setTimeout(() => {
    each((proxy) => {
      proxy.refuse();
    });
  }, THEN_REFUSED_AFTER_MS);
  return () => {
    clearInterval(timer);
    clearTimeout(refusing);
    each((proxy) => {
      proxy.accept();
    });
    return Promise.resolve();
  };
}

/** Bytes vanish in both directions, nobody is told; afterwards what was open is reset, as a host that is back does it. */
export function swallow(ports: readonly ProxiedPort[]): () => Promise<void> {
  for (const { proxy } of ports) proxy.blackhole();
  return () => {
    for (const { proxy } of ports) {
      proxy.accept();
      proxy.cut();
    }
    return Promise.resolve();
  };
}

/** Each new connection is reset, and so is what is open. */
export function refuseAll(ports: readonly ProxiedPort[]): () => Promise<void> {
  for (const { proxy } of ports) {
    proxy.refuse();
    proxy.cut();
  }
  return () => {
    for (const { proxy } of ports) proxy.accept();
    return Promise.resolve();
  };
}

/** Every chunk comes so much later, in both directions. Milliseconds. */
export function delay(ports: readonly ProxiedPort[], ms: number): () => Promise<void> {
  for (const { proxy } of ports) proxy.delay(ms);
  return () => {
    for (const { proxy } of ports) proxy.delay(0);
    return Promise.resolve();
  };
}
