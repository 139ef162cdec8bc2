import type { ProxiedPort } from './proxied-port.ts';

/** Interval between resets. Milliseconds. */
const RESET_EVERY_MS = 300;
/** Time of resets before connections are refused. Milliseconds. */
const THEN_REFUSED_AFTER_MS = 2_000;

/** Ends a fault. */
export type Recover = () => void | Promise<void>;

/** Closes the listeners, as if the process had ended. */
export async function closePorts(ports: readonly ProxiedPort[]): Promise<Recover> {
  await Promise.all(ports.map((port) => port.close()));
  return async () => {
    await Promise.all(ports.map((port) => port.open()));
  };
}

/** Resets connections repeatedly, then refuses them. */
export function cutThenRefuse(ports: readonly ProxiedPort[]): Recover {
  const cut = () => {
    for (const { proxy } of ports) proxy.cut();
  };
  const timer = setInterval(cut, RESET_EVERY_MS);
  cut();
  const refusing = setTimeout(() => {
    for (const { proxy } of ports) proxy.refuse();
  }, THEN_REFUSED_AFTER_MS);
  return () => {
    clearInterval(timer);
    clearTimeout(refusing);
    for (const { proxy } of ports) proxy.accept();
  };
}

/** Drops bytes in both directions silently. Afterwards resets open connections, like a host that is back. */
export function dropBytes(ports: readonly ProxiedPort[]): Recover {
  for (const { proxy } of ports) proxy.blackhole();
  return () => {
    for (const { proxy } of ports) {
      proxy.accept();
      proxy.cut();
    }
  };
}

/** Resets open and new connections. */
export function refuseAll(ports: readonly ProxiedPort[]): Recover {
  for (const { proxy } of ports) {
    proxy.refuse();
    proxy.cut();
  }
  return () => {
    for (const { proxy } of ports) proxy.accept();
  };
}

/** Delays every chunk in both directions. Milliseconds. */
export function delay(ports: readonly ProxiedPort[], ms: number): Recover {
  for (const { proxy } of ports) proxy.delay(ms);
  return () => {
    for (const { proxy } of ports) proxy.delay(0);
  };
}
