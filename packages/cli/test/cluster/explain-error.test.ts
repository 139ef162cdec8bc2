import { expect, it } from 'vitest';
import { ClusterError, execRight } from '../../src/cluster/cluster-error.ts';
import { explainClusterError } from '../../src/cluster/explain-error.ts';

it.each([
  {
    right: { verb: 'list', resource: 'pods' },
    says: 'list pods in all Namespaces',
    canI: 'list pods --all-namespaces',
  },
  {
    right: { verb: 'get', resource: 'pods/log', namespace: 'rolegate' },
    says: 'get pods/log in Namespace rolegate',
    canI: 'get pods --subresource=log -n rolegate',
  },
  { right: { verb: 'list', resource: 'nodes' }, says: 'list nodes', canI: 'list nodes' },
  {
    right: execRight('rolegate'),
    says: 'get and create pods/exec in Namespace rolegate',
    canI: '--list -n rolegate',
  },
])(
  'The missing right to $says is named, with a command of kubectl that checks it',
  ({ right, says, canI }) => {
    expect(explainClusterError(new ClusterError('forbidden', right, 'forbidden'))).toBe(
      `missing right: ${says}; ask an administrator for it, or try kubectl auth can-i ${canI}`,
    );
  },
);
