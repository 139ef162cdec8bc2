/** Where the agent's status socket is by default. A file of its own: the status command loads little else. */
export const STATUS_SOCKET = '/run/rolegate/agent.sock';
