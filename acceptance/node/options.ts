import { parseArgs } from 'node:util';

export const USAGE = `npm run test:node -- --kubeconfig F --load-image CMD [OPTION...]

Builds the images, installs both charts in a cluster, runs the tests on one of its nodes, and removes everything.
The cluster needs no AWS. kubectl and helm must be on the PATH.
  --kubeconfig F      kubeconfig of the cluster (KUBECONFIG)
  --load-image CMD    loads the image that is its argument into the node, e.g. "kind load docker-image"
  --build-image CMD   builds an image, given its name, a folder with a Dockerfile and --build-arg K=V... (docker build)
  --node-image NAME   base of the images of 0.1.0: a Debian with Node 24
  --client-base NAME  base of the image of test Pods: a Debian
  --images build|use|only   build images and run the tests, use existing images, or only build (build)
  --release DIR       install the release that "npm run release -- --push" described in this folder, instead of images built here
  --node NAME         the node (the only ready one)
  --sts-endpoint U    a stand-in for STS that Pods reach and that knows the keys it issued (moto in a Pod)
  --imds-log F        log of the stand-in for the node's metadata API, which no Pod must reach
  --stand-ins IP      an address of this machine that the node and Pods reach, for more stand-ins (without it, their steps are skipped)
  --only PATTERN      run only the parts (the names in all-steps.ts) that match, and those that every part needs
  --write-transcripts write docs/figures/kubectl-rolegate/*.txt instead of comparing with them
  --sentinel TEXT     text that only the node's metadata API returns (REAL-INSTANCE-METADATA)
  --pods N            number of Pods that start at the same time (50)
  --report FILE       start them with each client alone and beside busy Pods too, and write the tables between the markers in this file`;

export interface Options {
  readonly kubeconfig: string;
  /** Command words, to which the image's name is appended. */
  readonly loadImage: string;
  /** Undefined: docker. */
  readonly buildImage: string | undefined;
  readonly nodeImage: string | undefined;
  readonly clientBase: string | undefined;
  readonly images: 'build' | 'use' | 'only';
  /** A folder. Undefined: the charts and images of this repository. */
  readonly release: string | undefined;
  /** Undefined: the only ready node. */
  readonly node: string | undefined;
  /** Undefined: moto runs in a Pod. */
  readonly stsEndpoint: string | undefined;
  readonly imdsLog: string | undefined;
  /** Undefined: no stand-ins beside those of STS and the node's metadata API. */
  readonly standIns: string | undefined;
  /** Undefined: all parts. */
  readonly only: RegExp | undefined;
  readonly writeTranscripts: boolean;
  readonly sentinel: string;
  readonly pods: number;
  /** Undefined: only what a test needs is measured. */
  readonly report: string | undefined;
}

/** Returns undefined if a required option is missing or a value is invalid. Throws if a flag is unknown. */
export function parseOptions(env: Readonly<Record<string, string | undefined>>): Options | undefined {
  const { values } = parseArgs({
    options: {
      kubeconfig: { type: 'string', default: env['KUBECONFIG'] ?? '' },
      'load-image': { type: 'string', default: '' },
      'build-image': { type: 'string' },
      'node-image': { type: 'string' },
      'client-base': { type: 'string' },
      images: { type: 'string', default: 'build' },
      release: { type: 'string' },
      node: { type: 'string' },
      'sts-endpoint': { type: 'string' },
      'imds-log': { type: 'string' },
      'stand-ins': { type: 'string' },
      only: { type: 'string' },
      'write-transcripts': { type: 'boolean', default: false },
      sentinel: { type: 'string', default: 'REAL-INSTANCE-METADATA' },
      pods: { type: 'string', default: '50' },
      report: { type: 'string' },
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
    release: values.release,
    node: values.node,
    stsEndpoint: values['sts-endpoint'],
    imdsLog: values['imds-log'],
    standIns: values['stand-ins'],
    only: values.only === undefined ? undefined : new RegExp(values.only, 'i'),
    writeTranscripts: values['write-transcripts'],
    sentinel: values.sentinel,
    pods,
    report: values.report,
  };
}
