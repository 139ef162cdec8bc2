import type { NodeStep } from './step.ts';
import { answers } from './steps/answers.ts';
import { certificates } from './steps/certificates.ts';
import { containerCredentials } from './steps/container-credentials.ts';
import { disruptions } from './steps/disruptions.ts';
import { firewall } from './steps/firewall.ts';
import { installing } from './steps/installing.ts';
import { manyPods } from './steps/many-pods.ts';
import { readme } from './steps/readme.ts';
import { uninstalling } from './steps/uninstalling.ts';
import { upgrading } from './steps/upgrading.ts';
import { withoutAgent } from './steps/without-agent.ts';
import type { NodeWorld } from './world.ts';

/** The steps in the order in which they run. */
export function allSteps(world: NodeWorld): NodeStep[] {
  return [
    installing,
    answers,
    manyPods,
    disruptions,
    containerCredentials,
    withoutAgent,
    uninstalling,
    certificates,
    firewall,
    readme,
    upgrading,
  ].flatMap((steps) => steps(world));
}
