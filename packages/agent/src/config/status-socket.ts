/** Where the agent's status socket is unless told. */
export const STATUS_SOCKET = '/run/rolegate/agent.sock';
