import { parseArgs } from 'node:util';

export const USAGE = `npm run test:node -- --kubeconfig F --load-image CMD [OPTION...]

Builds the images, brings them into a cluster by the charts, and tests what Pods meet on one of its nodes.
Everything is removed again. The cluster needs no AWS; kubectl and helm must be on the PATH.
  --kubeconfig F      of the cluster; also by KUBECONFIG
  --load-image CMD    called with the name of an image, makes it known to the node, e.g. "kind load docker-image"
  --build-image CMD   called with a name, a folder that holds a Dockerfile, and --build-arg K=V...; else docker build
  --node-image NAME   base of both images: a Debian with Node 24
  --client-base NAME  base of the image of the tests' Pods: a Debian
  --images build|use|only   build: images first, then the tests; use: they are there; only: no tests (build)
  --node NAME         which node; else the only one that is ready
  --sts-endpoint U    a stand-in for STS that Pods reach and that knows the keys it issued; else moto in a Pod
  --imds-log F        where the stand-in for the node's metadata API logs; no Pod may appear in it
  --sentinel TEXT     what only the node's own metadata API says (REAL-INSTANCE-METADATA)
  --pods N            how many Pods start at once (50)`;

export interface Options {
  readonly kubeconfig: string;
  /** A shell's words, to which the image's name is added. */
  readonly loadImage: string;
  /** Undefined: docker. */
  readonly buildImage: string | undefined;
  readonly nodeImage: string | undefined;
  readonly clientBase: string | undefined;
  readonly images: 'build' | 'use' | 'only';
  /** Undefined: the only one that is ready. */
  readonly node: string | undefined;
  /** Undefined: moto is brought in as well. */
  readonly stsEndpoint: string | undefined;
  readonly imdsLog: string | undefined;
  readonly sentinel: string;
  readonly pods: number;
}

/** What was asked for, or undefined where it is not enough. Throws on a flag that is not known. */
export function parseOptions(env: Readonly<Record<string, string | undefined>>): Options | undefined {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string', default: env['KUBECONFIG'] ?? '' },
      'load-image': { type: 'string', default: '' },
      'build-image': { type: 'string' },
      'node-image': { type: 'string' },
      'client-base': { type: 'string' },
      images: { type: 'string', default: 'build' },
      node: { type: 'string' },
      'sts-endpoint': { type: 'string' },
      'imds-log': { type: 'string' },
      sentinel: { type: 'string', default: 'REAL-INSTANCE-METADATA' },
      pods: { type: 'string', default: '50' },
    },
  });
  const { images, kubeconfig } = values;
  const pods = Number(values.pods);
  if (images !== 'build' && images !== 'use' && images !== 'only') return undefined;
  if (images !== 'only' && kubeconfig === '') return undefined;
  if (images !== 'use' && values['load-image'] === '') return undefined;
  if (!Number.isInteger(pods) || pods < 1) return undefined;
  return {
    kubeconfig,
    loadImage: values['load-image'],
    buildImage: values['build-image'],
    nodeImage: values['node-image'],
    clientBase: values['client-base'],
    images,
    node: values.node,
    stsEndpoint: values['sts-endpoint'],
    imdsLog: values['imds-log'],
    sentinel: values.sentinel,
    pods,
  };
}
