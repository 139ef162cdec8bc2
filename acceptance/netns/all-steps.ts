import type { NetnsStep } from './step.ts';
import { connectionLimitSteps } from './steps/connection-limit.ts';
import { agentKilledSteps } from './steps/agent-killed.ts';
import { endpointGuardSteps } from './steps/endpoint-guard.ts';
import { endpointEndSteps, endpointLinkSteps } from './steps/endpoint-link.ts';
import { endpointPathSteps } from './steps/endpoint-paths.ts';
import { flushSteps } from './steps/flushes.ts';
import { handoverSteps } from './steps/handover.ts';
import { hostNetworkSteps } from './steps/host-network.ts';
import { ipRuleSteps } from './steps/ip-rules.ts';
import { keptConnectionSteps } from './steps/kept-connections.ts';
import { withoutRulesSteps } from './steps/without-rules.ts';
import { listenerSteps } from './steps/listeners.ts';
import { otherModeSteps } from './steps/other-modes.ts';
import { portGuardSteps } from './steps/port-guard.ts';
import { requestSteps } from './steps/requests.ts';
import { sdkSteps } from './steps/sdks.ts';
import { situationSteps } from './steps/situations.ts';
import { uninstallSteps } from './steps/uninstall.ts';

/** All steps, in order. The first ones show that Pods reach the metadata API without rules. */
export const allSteps: readonly NetnsStep[] = [
  ...withoutRulesSteps,
  ...keptConnectionSteps,
  ...situationSteps,
  ...requestSteps,
  ...connectionLimitSteps,
  ...hostNetworkSteps,
  ...listenerSteps,
  ...sdkSteps,
  ...handoverSteps,
  ...agentKilledSteps,
  ...flushSteps,
  ...portGuardSteps,
  ...ipRuleSteps,
  ...endpointPathSteps,
  ...endpointLinkSteps,
  ...endpointGuardSteps,
  ...endpointEndSteps,
  ...otherModeSteps,
  ...uninstallSteps,
];
