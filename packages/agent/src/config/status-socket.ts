/** Default path of the agent's status socket. In a separate file so that the status command loads little else. */
export const STATUS_SOCKET = '/run/rolegate/agent.sock';
