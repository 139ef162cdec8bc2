import type { World } from '@rolegate/testing';
import type { Charts } from './charts.ts';
import type { PodCurl } from './curl-from-pod.ts';
import type { ImdsLog } from './imds-log.ts';
import type { Installation } from './installation.ts';
import type { Kubectl } from './kubectl.ts';
import type { FaultPods } from './plugin/fault-pods.ts';
import type { OldCluster } from './moving/old-clusters.ts';
import type { OldSystem } from './moving/old-system.ts';
import type { Plugin } from './plugin/plugin.ts';
import type { Transcripts } from './plugin/transcripts.ts';
import type { ReadmeLines } from './readme-lines.ts';
import type { TestPods } from './test-pods.ts';

/** A cluster with the installation and test Pods on one node. */
export interface NodeWorld extends Pick<World, 'lines'> {
  readonly kubectl: Kubectl;
  readonly installation: Installation;
  readonly pods: TestPods;
  readonly faultPods: FaultPods;
  readonly oldSystems: Readonly<Record<OldCluster['system'], OldSystem>>;
  readonly curl: PodCurl;
  /** Undefined: requests that reach the node's metadata API cannot be observed. */
  readonly imdsLog: ImdsLog | undefined;
  /** `kubectl rolegate`. */
  readonly plugin: Plugin;
  readonly transcripts: Transcripts;
  /** An address on which stand-ins can listen for the node and its Pods. Undefined: there is none. */
  readonly standIns: string | undefined;
  readonly node: { readonly name: string; readonly ip: string };
  readonly agentImage: string;
  /** Undefined: there is no release to install. */
  readonly readme: ReadmeLines | undefined;
  readonly sentinel: string;
  /** Number of Pods that start at the same time. */
  readonly podsAtOnce: number;
  /** The file for the tables of the race. Undefined: only what a test needs is measured. */
  readonly raceReport: string | undefined;
  /** Undefined: version 0.1.0 is not available. */
  readonly charts01: Charts | undefined;
  /** Prints measured figures. */
  readonly say: (line: string) => void;
  /** Ends the suite. */
  readonly stop: (why: unknown) => void;
}
