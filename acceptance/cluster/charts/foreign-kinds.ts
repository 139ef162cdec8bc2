import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { eventually } from '@rolegate/testing';
import type { ApiObject, ApiServer } from '../api-server.ts';

const exec = promisify(execFile);
const WITHIN_MS = 180_000;
const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

/** Go modules with the definitions of the foreign kinds that the charts can use. */
const MODULES = [
  {
    group: 'monitoring.coreos.com',
    module: 'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    folder: 'example/prometheus-operator-crd',
    files: ['monitoring.coreos.com_podmonitors.yaml', 'monitoring.coreos.com_prometheusrules.yaml'],
  },
  {
    group: 'cert-manager.io',
    module: 'github.com/cert-manager/cert-manager@v1.21.2',
    folder: 'deploy/crds',
    files: ['cert-manager.io_certificates.yaml'],
  },
] as const;

export interface Missing {
  readonly group: string;
  readonly module: string;
}

/** The definitions of those kinds, and the modules that could not be downloaded. */
export async function foreignKinds(): Promise<{ definitions: ApiObject[]; missing: Missing[] }> {
  const definitions: ApiObject[] = [];
  const missing: Missing[] = [];
  for (const { group, module, folder, files } of MODULES) {
    try {
      const { stdout } = await exec('go', ['mod', 'download', '-json', module], {
        timeout: WITHIN_MS,
        cwd: '/',
      });
      const { Dir: dir } = JSON.parse(stdout) as { Dir: string };
      const texts = await Promise.all(files.map((file) => readFile(join(dir, folder, file), 'utf8')));
      definitions.push(...texts.map((text) => parse(text) as ApiObject));
    } catch {
      missing.push({ group, module });
    }
  }
  return { definitions, missing };
}

/** Creates the definitions that do not exist yet and waits until all are established. Disposal removes the created ones. */
export async function defineKinds(
  api: ApiServer,
  definitions: readonly ApiObject[],
): Promise<AsyncDisposable> {
  const made: string[] = [];
  for (const definition of definitions) {
    const { status, body } = await api.ask({ method: 'POST', path: CRDS, body: definition });
    if (status === 201) made.push(definition.metadata.name);
    else if (status !== 409) throw new Error(`${definition.metadata.name}: ${String(body['message'])}`);
  }
  for (const { metadata } of definitions) await established(api, metadata.name);
  return {
    async [Symbol.asyncDispose]() {
      for (const name of made) await api.ask({ method: 'DELETE', path: `${CRDS}/${name}` });
    },
  };
}

function established(api: ApiServer, name: string): Promise<void> {
  return eventually(
    async () => {
      const { body } = await api.ask({ method: 'GET', path: `${CRDS}/${name}` });
      const { conditions = [] } = body['status'] as { conditions?: { type: string; status: string }[] };
      if (!conditions.some(({ type, status }) => type === 'Established' && status === 'True'))
        throw new Error(`${name} is not established`);
    },
    { withinMs: 30_000, everyMs: 100 },
  );
}
