import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Skipped } from '@rolegate/testing';
import type { NodeStep } from '../step.ts';
import { podOf } from '../test-pods.ts';
import { createTokenPods } from '../token-pods.ts';
import { REQUEST } from '../token-pod-templates.ts';
import type { NodeWorld } from '../world.ts';
import type { Move } from './move.ts';
import { BILLING, ROLES } from './old-clusters.ts';

/** With a stand-in for the AWS CLI. */
const BIN = fileURLToPath(new URL('bin', import.meta.url));
const ROLE_KEY = 'eks.amazonaws.com/role-arn';
/** Rolegate refuses `nightly`, and `shell` has none. */
const EXPORT_ROLE = `${ROLES}billing-export`;
const INVOICES_ROLE = `${ROLES}invoices`;

/** From Rolegate on to what SDKs can use without the metadata API. The scripts are run twice. */
export function movesOn(world: NodeWorld, move: Move): NodeStep[] {
  return [toIrsa(world, move), toPodIdentity(move), toContainerCredentials(world, move)];
}

function toIrsa({ kubectl }: NodeWorld, { mover }: Move): NodeStep {
  return {
    title:
      'migrate plan --to irsa annotates the ServiceAccounts of Pods with a role, and then has nothing left to do',
    async run() {
      const { terminal, folder } = await mover();
      await planTo('irsa', await mover());
      await terminal.expect('sh irsa.sh');
      const path = `jsonpath={range .items[*]}{.metadata.name} {.metadata.annotations.${ROLE_KEY.replaceAll('.', '\\.')}}{"\\n"}{end}`;
      const found = await kubectl.call(['get', 'serviceaccounts', '-A', '-o', path]);
      const annotated = found.split('\n').filter((line) => line.includes('arn:'));
      expectSame(annotated, [`export ${EXPORT_ROLE}`, `invoices ${INVOICES_ROLE}`]);
      const trust = await readFile(join(folder, 'irsa-trust.json'), 'utf8');
      if (trust.includes('oidc-provider/ISSUER')) throw new Error(`the issuer is not known: ${trust}`);
      await planTo('irsa', await mover());
      expectSame([await terminal.expect('sh irsa.sh')], ['no ServiceAccount needs another annotation\n']);
    },
  };
}

function toPodIdentity({ mover }: Move): NodeStep {
  return {
    title: 'migrate plan --to pod-identity creates the associations of Pods with a role, and none twice',
    async run() {
      const { terminal } = await mover();
      await planTo('pod-identity', await mover());
      const line = `mkdir -p aws && PATH='${BIN}':$PATH ASSOCIATIONS=$PWD/aws CLUSTER=demo sh pod-identity.sh`;
      const created = await terminal.expect(line);
      expectSame(created.trim().split('\n'), [
        `created ${BILLING}.export with ${EXPORT_ROLE}`,
        `created ${BILLING}.invoices with ${INVOICES_ROLE}`,
      ]);
      expectSame([await terminal.expect(line)], ['']);
    },
  };
}

function toContainerCredentials(world: NodeWorld, { mover, during }: Move): NodeStep {
  const { kubectl, installation, node } = world;
  return {
    title:
      'migrate plan --to container-credentials fails no request, and a restarted Pod gets its role from the endpoint',
    async run() {
      if (!(await installation.hasMutatingPolicies()))
        throw new Skipped('the cluster has no MutatingAdmissionPolicy');
      const { terminal } = await mover();
      await planTo('container-credentials', await mover());
      await during(async () => {
        await terminal.expect('sh container-credentials.sh');
      });
      const place = { node: node.name, stsEndpoint: installation.stsEndpoint };
      const app = 'restarted';
      const command = ['sh', '-c', `${REQUEST}; exec sleep infinity`];
      const spec = { serviceAccountName: 'invoices' };
      await kubectl.apply([
        podOf({ namespace: BILLING, name: app, app, role: 'invoices', command, spec }, place),
      ]);
      const {
        method,
        arn = '',
        error,
      } = await createTokenPods({ kubectl, ...place }).result({ namespace: BILLING, app });
      if (method !== 'container-role' || !arn.includes(':assumed-role/invoices/'))
        throw new Error(`${app} has ${arn} by ${String(method)} ${error ?? ''}`);
      await planTo('container-credentials', await mover());
      const again = await terminal.expect('grep -c "kubectl label" container-credentials.sh || true');
      expectSame([again], ['0\n']);
    },
  };
}

async function planTo(target: string, { before }: Awaited<ReturnType<Move['mover']>>): Promise<void> {
  await before.expect(`kubectl rolegate migrate plan --to ${target} --role-base-arn ${ROLES}`);
}

function expectSame(found: readonly string[], wanted: readonly string[]): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted))
    throw new Error(`${JSON.stringify(found)} instead of ${JSON.stringify(wanted)}`);
}
