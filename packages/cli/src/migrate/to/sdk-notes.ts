import { namesText } from '../names-text.ts';
import type { PlanNote } from '../plan/make-plan.ts';
import type { MoveTarget } from './move-on.ts';
import { minimumVersions, sdkFit } from './sdk-versions.ts';
import type { Workload } from './workloads.ts';

/** Which Pods' SDKs are too old for the new way, or not known. Those that are new enough need no note. */
export function sdkNotes(workloads: readonly Workload[], target: MoveTarget): readonly PlanNote[] {
  return workloads.flatMap((workload) => {
    const about = `${workload.namespace}/${workload.serviceAccount}`;
    const { hostNetwork } = workload;
    return [
      ...clientLines(workload, target),
      ...unseenLines(workload),
      ...(hostNetwork > 0 ? [`${podsOf(hostNetwork)} on the host network`] : []),
    ].map((what) => ({ about, what }));
  });
}

const CAN_FAIL =
  'update it first, because with the new variables it can fail instead of asking the metadata API';
const UNTIL_UPDATED: Readonly<Record<MoveTarget, string>> = {
  irsa: 'until it is updated, it keeps asking the metadata API',
  // Measured: Go 1.47.10 takes no address but loopback.
  'pod-identity': CAN_FAIL,
  'container-credentials': CAN_FAIL,
};

function clientLines({ clients }: Workload, target: MoveTarget): readonly string[] {
  return clients.flatMap(({ client, pods, names }) => {
    const { fit, why } = sdkFit(client, target);
    if (fit === 'new-enough') return [];
    const whose = `in ${namesText(names, pods)}`;
    return fit === 'too-old'
      ? [`SDK too old: ${client} ${whose} ${why}; ${UNTIL_UPDATED[target]}`]
      : [`SDK not known: ${describe(client)} ${whose} ${why}`];
  });
}

/** Pods of which no request was seen since the agents started, if their images do not tell. */
function unseenLines({ unseen, images, versions }: Workload): readonly string[] {
  if (unseen === 0) return [];
  const labels = versions.length === 0 ? '' : `; app.kubernetes.io/version ${versions.join(', ')}`;
  return [
    `SDK not known: no request of ${podsOf(unseen)} was seen; check the SDK of ${images.length === 0 ? 'its images' : images.join(', ')}${labels}`,
  ];
}

function describe(client: string): string {
  return client === 'other' || client === 'none' ? 'a client' : client;
}

function podsOf(count: number): string {
  return count === 1 ? '1 Pod' : `${count} Pods`;
}

/** Where the notes come from, and what they cannot say. */
export function aboutSdks(target: MoveTarget): string {
  return `Minimum versions: ${minimumVersions(target)}.

What is known of SDKs is what Pods sent as their User-Agent when they asked Rolegate's agents for credentials, since these
started, and the tags of images of the AWS CLI. It cannot be known here: the SDK of a Pod that has not asked since, of one
that sends no User-Agent (JavaScript 3), and whether Go 2, Rust and .NET are new enough if the minimum is a release, because
their User-Agent has other versions. A name, a tag or a label of an image is the application's, not its SDK's.
`;
}
