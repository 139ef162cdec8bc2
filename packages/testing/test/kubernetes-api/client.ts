import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { startKubernetesApi } from '../../src/kubernetes-api/kubernetes-api.ts';
import type { KubernetesApiOptions } from '../../src/kubernetes-api/kubernetes-api.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, never> & {
    readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
    readonly items: readonly { readonly metadata: { readonly name: string }; readonly kind?: string }[];
  };
}

export interface OpenWatch {
  readonly status: number | undefined;
  readonly events: { readonly type: string; readonly object: never }[];
  /** `ADDED app` and so on. */
  seen(): string[];
  readonly over: () => boolean;
}

/** A stand-in, and an unmodified client library. */
export async function setupApi(options: KubernetesApiOptions = {}) {
  const api = await startKubernetesApi({ controllers: false, ...options });

  async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(`${api.url}${path}`, init);
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  }

  async function watch(path: string): Promise<OpenWatch> {
    const [response] = (await once(get(`${api.url}${path}`), 'response')) as [IncomingMessage];
    const events: OpenWatch['events'] = [];
    let text = '';
    let over = false;
    response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const lines = text.split('\n');
      text = lines.pop() ?? '';
      for (const line of lines) events.push(JSON.parse(line) as OpenWatch['events'][number]);
    });
    response.on('close', () => (over = true)).on('error', () => undefined);
    const seen = () =>
      events.map(({ type, object }) => {
        const { metadata } = object as { metadata?: { name?: string; resourceVersion?: string } };
        return `${type} ${metadata?.name ?? ''}`.trim();
      });
    return { status: response.statusCode, events, seen, over: () => over };
  }

  return { api, ask, watch, [Symbol.asyncDispose]: () => api.close() };
}

export async function eventually(isSo: () => boolean): Promise<void> {
  const untilMs = performance.now() + 5000;
  while (!isSo()) {
    if (performance.now() > untilMs) throw new Error(`in vain: ${isSo.toString()}`);
    await wait(2);
  }
}

export const manifest = (name: string, namespace = 'team-a') => ({ metadata: { name, namespace } });
