import { setTimeout as wait } from 'node:timers/promises';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock, Log } from '@rolegate/runtime';
import { systemClock } from '@rolegate/runtime';
import { startKubernetesApi } from '@rolegate/testing';
import type { KubernetesApi, KubernetesApiOptions } from '@rolegate/testing';
import { createConnection } from '../../src/kubernetes/api/connection.ts';
import type { Connection } from '../../src/kubernetes/api/connection.ts';
import type { Pod } from '../../src/kubernetes/objects/objects.ts';

/** The parts of a KubeConfig that createConnection uses, without the library. */
export type KubeConfigPart = Pick<KubeConfig, 'getCurrentCluster' | 'applyToHTTPSOptions'>;

export function kubeConfigFor(server: string, options: object = {}): KubeConfigPart {
  return {
    getCurrentCluster: () => ({ name: 'test', server, skipTLSVerify: true }),
    applyToHTTPSOptions: (said) => {
      Object.assign(said, options);
      return Promise.resolve();
    },
  };
}

export interface TestApi extends AsyncDisposable {
  readonly api: KubernetesApi;
  readonly connection: Connection;
}

/** A stand-in and a connection to it, both closed at the end of the test. */
export async function startApi({
  clock,
  ...options
}: KubernetesApiOptions & { clock: Clock }): Promise<TestApi> {
  const api = await startKubernetesApi(options);
  const connection = createConnection({ kubeConfig: kubeConfigFor(api.url), clock });
  return {
    api,
    connection,
    async [Symbol.asyncDispose]() {
      connection.close();
      await api.close();
    },
  };
}

/** The machine's clock, this many times faster. */
export function hurriedClock(factor: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() * factor,
    schedule: (delayMs, call) => systemClock.schedule(delayMs / factor, call),
    sleep: (delayMs, signal) => systemClock.sleep(delayMs / factor, signal),
  };
}

/** Polls until the condition is true; fails after five seconds. */
export async function eventually(isSo: () => boolean): Promise<void> {
  const untilMs = performance.now() + 5000;
  while (!isSo()) {
    if (performance.now() > untilMs) throw new Error(`in vain: ${isSo.toString()}`);
    await wait(2);
  }
}

export interface Recorded {
  readonly level: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that keeps its lines. */
export function recordingLog(): { readonly log: Log; readonly lines: Recorded[] } {
  const lines: Recorded[] = [];
  const at =
    (level: string) =>
    (message: string, fields: object = {}) => {
      lines.push({ level, message, fields: { ...fields } });
    };
  return { lines, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}

export function pod(fields: Partial<Pod> & { uid: string }): Pod {
  return {
    name: `pod-${fields.uid}`,
    namespace: 'team-a',
    resourceVersion: '1',
    annotations: {},
    nodeName: 'node-1',
    serviceAccount: 'default',
    ips: [],
    hostNetwork: false,
    ended: false,
    terminating: false,
    staticPod: false,
    runtimeUid: '',
    daemonSet: '',
    ...fields,
  };
}
