import type { NodeStep } from './step.ts';
import { asking } from './steps/asking.ts';
import { certificates } from './steps/certificates.ts';
import { changing } from './steps/changing.ts';
import { firewall } from './steps/firewall.ts';
import { installing } from './steps/installing.ts';
import { starting } from './steps/starting.ts';
import { uninstalling } from './steps/uninstalling.ts';
import { upgrading } from './steps/upgrading.ts';
import { withoutAgent } from './steps/without-agent.ts';
import type { NodeWorld } from './world.ts';

/** What the suite shows on a real node, in this order. */
export function allSteps(world: NodeWorld): NodeStep[] {
  return [
    installing,
    asking,
    starting,
    changing,
    withoutAgent,
    uninstalling,
    certificates,
    firewall,
    upgrading,
  ].flatMap((steps) => steps(world));
}
