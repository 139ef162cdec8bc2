import type { ApiServer } from '../api-server.ts';

/** Since then, a WebSocket needs `create` as well (feature gate AuthorizePodWebsocketUpgradeCreatePermission). */
const WITH_CREATE = 35;

/** The verbs that the API server asks for before it runs a program in a Pod by WebSocket. */
export async function execVerbs(api: ApiServer): Promise<readonly string[]> {
  const { body } = await api.ask({ method: 'GET', path: '/version' });
  const minor = Number.parseInt(String(body['minor']));
  return minor < WITH_CREATE ? ['get'] : ['get', 'create'];
}
