import { asking } from './steps/asking.ts';
import { certificates } from './steps/certificates.ts';
import { changing } from './steps/changing.ts';
import { firewall } from './steps/firewall.ts';
import { installing } from './steps/installing.ts';
import { losing } from './steps/without-agent.ts';
import { starting } from './steps/starting.ts';
import { uninstalling } from './steps/uninstalling.ts';
import { upgrading } from './steps/upgrading.ts';
import type { Asking } from './asking.ts';
import type { ImdsLog } from './imds-log.ts';
import type { Installation } from './installation.ts';
import type { Kubectl } from './kubectl.ts';
import type { TestPods } from './test-pods.ts';

export interface ScenarioDeps {
  readonly kubectl: Kubectl;
  readonly installation: Installation;
  readonly pods: TestPods;
  readonly asking: Asking;
  /** Undefined: nobody says what reached the node's own metadata API. */
  readonly imdsLog: ImdsLog | undefined;
  readonly node: { readonly name: string; readonly ip: string };
  readonly sentinel: string;
  readonly swarm: number;
  /** Charts of version 0.1.0. Undefined: they cannot be had. */
  readonly charts01: string | undefined;
  /** Figures, for people. */
  readonly say: (line: string) => void;
}

export interface ScenarioStep {
  readonly name: string;
  readonly run: () => Promise<void>;
  /** Where it fails the others say nothing. */
  readonly needed?: true;
}

/** What is shown on a real node, in this order; each step throws an Error that says what was otherwise. */
export function scenario(deps: ScenarioDeps): ScenarioStep[] {
  return [
    installing,
    asking,
    starting,
    changing,
    losing,
    uninstalling,
    certificates,
    firewall,
    upgrading,
  ].flatMap((act) => act(deps));
}
