import type { Session } from '../session/session.ts';
import type { PodRequest } from './pod-request.ts';
import { legalName, sessionName } from './session-name.ts';
import { sessionTags } from './session-tags.ts';
import type { PolicySettings } from './settings.ts';
import type { SubjectPod } from './subject.ts';
import { renderTemplate } from './template.ts';

/** Whatever the Pod chooses enters the session, and so every key that its credentials are held under. */
export function podSession(
  roleArn: string,
  { sessionName: chosen, externalId, tags }: PodRequest,
  { namespace, serviceAccount, name, uid, node }: SubjectPod,
  settings: PolicySettings,
): Session {
  const { sessionScope: scope, sessionNameTemplate: template, sourceIdentityTemplate } = settings;
  const values = { cluster: settings.clusterName, namespace, serviceAccount, pod: name, uid, node };
  return {
    roleArn,
    sessionName: sessionName({ scope, template, chosen, values }),
    ...(externalId !== undefined && { externalId }),
    ...(sourceIdentityTemplate !== undefined && {
      sourceIdentity: legalName(renderTemplate(sourceIdentityTemplate, values)),
    }),
    tags: sessionTags(settings.sessionTagTemplates, values, tags),
    durationSeconds: settings.durationSeconds,
    ...(scope === 'pod' && { podUid: uid }),
    // The default name says both; a template or a Pod's choice may be the same for others (DESIGN.md 4.1).
    ...(scope === 'workload' &&
      (template ?? chosen) !== undefined && { workload: `${namespace}/${serviceAccount}` }),
  };
}
