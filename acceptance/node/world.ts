import type { World } from '@rolegate/testing';
import type { Asking } from './asking.ts';
import type { ImdsLog } from './imds-log.ts';
import type { Installation } from './installation.ts';
import type { Kubectl } from './kubectl.ts';
import type { TestPods } from './test-pods.ts';

/** A cluster with a node, what is installed there, and Pods that ask. */
export interface NodeWorld extends Pick<World, 'lines'> {
  readonly kubectl: Kubectl;
  readonly installation: Installation;
  readonly pods: TestPods;
  readonly asking: Asking;
  /** Undefined: nobody says what reached the node's own metadata API. */
  readonly imdsLog: ImdsLog | undefined;
  readonly node: { readonly name: string; readonly ip: string };
  readonly sentinel: string;
  /** How many Pods start at once. */
  readonly podsAtOnce: number;
  /** Charts of version 0.1.0. Undefined: they cannot be had. */
  readonly charts01: string | undefined;
  /** Figures, for people. */
  readonly say: (line: string) => void;
  /** Ends the suite. */
  readonly stop: (why: unknown) => void;
}
