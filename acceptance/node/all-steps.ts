import type { NodeStep } from './step.ts';
import { answers } from './steps/answers.ts';
import { certificates } from './steps/certificates.ts';
import { containerCredentials } from './steps/container-credentials.ts';
import { disruptions } from './steps/disruptions.ts';
import { faults } from './steps/faults.ts';
import { firstMinutes } from './steps/first-minutes.ts';
import { firewall } from './steps/firewall.ts';
import { installing } from './steps/installing.ts';
import { manyPods } from './steps/many-pods.ts';
import { moving, movingBack } from './steps/moving.ts';
import { plugin } from './steps/plugin.ts';
import { pluginRights } from './steps/plugin-rights.ts';
import { readme } from './steps/readme.ts';
import { uninstalling } from './steps/uninstalling.ts';
import { upgrading } from './steps/upgrading.ts';
import { withoutAgent } from './steps/without-agent.ts';
import type { NodeWorld } from './world.ts';

/** In the order in which they run. */
const PARTS = {
  installing,
  answers,
  manyPods,
  disruptions,
  plugin,
  pluginRights,
  faults,
  containerCredentials,
  withoutAgent,
  uninstalling,
  certificates,
  firewall,
  readme,
  firstMinutes,
  upgrading,
  moving,
  movingBack,
};
/** These leave the cluster as the parts behind them need it. */
const ALWAYS = ['installing', 'uninstalling'];

/** The steps of all parts, or of those whose name matches. */
export function allSteps(world: NodeWorld, only = /(?:)/): NodeStep[] {
  const parts = Object.entries(PARTS).filter(([name]) => only.test(name));
  if (parts.length === 0) throw new Error(`no part matches ${only.source}`);
  const chosen = Object.entries(PARTS).filter(([name]) => ALWAYS.includes(name) || only.test(name));
  return chosen.flatMap(([, steps]) => steps(world));
}
