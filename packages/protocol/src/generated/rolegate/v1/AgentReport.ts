// Original file: protos/rolegate/v1/rolegate.proto

import type { HeldSession as _rolegate_v1_HeldSession, HeldSession__Output as _rolegate_v1_HeldSession__Output } from '../../rolegate/v1/HeldSession.ts';
import type { Interception as _rolegate_v1_Interception, Interception__Output as _rolegate_v1_Interception__Output } from '../../rolegate/v1/Interception.ts';
import type { FirstDelivery as _rolegate_v1_FirstDelivery, FirstDelivery__Output as _rolegate_v1_FirstDelivery__Output } from '../../rolegate/v1/FirstDelivery.ts';
import type { ResourceVersions as _rolegate_v1_ResourceVersions, ResourceVersions__Output as _rolegate_v1_ResourceVersions__Output } from '../../rolegate/v1/ResourceVersions.ts';
import type { Long } from '@grpc/proto-loader';

export interface AgentReport {
  'nodeName'?: (string);
  'version'?: (string);
  'heldSessions'?: (_rolegate_v1_HeldSession)[];
  'interception'?: (_rolegate_v1_Interception | null);
  'firstDeliveries'?: (_rolegate_v1_FirstDelivery)[];
  'answersByReason'?: ({[key: string]: number | string | Long});
  'usedSessionIds'?: (string)[];
  'newestSeen'?: (_rolegate_v1_ResourceVersions | null);
  'forgotMs'?: (number | string | Long);
  'servesContainerCredentials'?: (boolean);
  '_forgotMs'?: "forgotMs";
  '_servesContainerCredentials'?: "servesContainerCredentials";
}

export interface AgentReport__Output {
  'nodeName': (string);
  'version': (string);
  'heldSessions': (_rolegate_v1_HeldSession__Output)[];
  'interception': (_rolegate_v1_Interception__Output | null);
  'firstDeliveries': (_rolegate_v1_FirstDelivery__Output)[];
  'answersByReason': ({[key: string]: number});
  'usedSessionIds': (string)[];
  'newestSeen': (_rolegate_v1_ResourceVersions__Output | null);
  'forgotMs'?: (number);
  'servesContainerCredentials'?: (boolean);
  '_forgotMs'?: "forgotMs";
  '_servesContainerCredentials'?: "servesContainerCredentials";
}
