import type { NetnsStep } from './step.ts';
import { connectionLimitSteps } from './steps/connection-limit.ts';
import { crashSteps } from './steps/agent-killed.ts';
import { flushSteps } from './steps/flushes.ts';
import { handoverSteps } from './steps/handover.ts';
import { hostNetworkSteps } from './steps/host-network.ts';
import { ipRuleSteps } from './steps/ip-rules.ts';
import { keptConnectionSteps } from './steps/kept-connections.ts';
import { openWorldSteps } from './steps/open-world.ts';
import { listenerSteps } from './steps/listeners.ts';
import { otherModeSteps } from './steps/other-modes.ts';
import { portGuardSteps } from './steps/port-guard.ts';
import { requestSteps } from './steps/requests.ts';
import { sdkSteps } from './steps/sdks.ts';
import { situationSteps } from './steps/situations.ts';
import { uninstallSteps } from './steps/uninstall.ts';

/** Everything that the suite shows, in this order: first that there is something to be kept from. */
export const allSteps: readonly NetnsStep[] = [
  ...openWorldSteps,
  ...keptConnectionSteps,
  ...situationSteps,
  ...requestSteps,
  ...connectionLimitSteps,
  ...hostNetworkSteps,
  ...listenerSteps,
  ...sdkSteps,
  ...handoverSteps,
  ...crashSteps,
  ...flushSteps,
  ...portGuardSteps,
  ...ipRuleSteps,
  ...otherModeSteps,
  ...uninstallSteps,
];
