/**
 * What the messages mean that have no hint, and those that need more than their hint: by section of docs/log-messages.md, then by message.
 * The generator fails if a message that is logged at debug or info, or has a hint that is not constant, has no entry here or hint, or if an entry has no message.
 */
export const meanings = {
  Agent: {
    'agent listening': 'The agent accepts requests of Pods. Normal at start.',
    'agent stopped': 'The process has stopped.',
    'agent stopping': 'The agent received SIGTERM. It finishes open requests and stops.',
    'cannot read iptables backend':
      'One of the two iptables backends cannot be read. Normal if the node or the image has only the other one.',
    'cannot renew certificate over the feed': 'The agent proves its node again instead.',
    'cannot resolve address to Pod':
      'No server knows which Pod owns the address, or none is connected. The request waits until the address is known.',
    'cannot flush conntrack entries':
      'The connections that existed before the rules could not be ended. This is a security gap until they end.',
    'certificate issued': 'The agent has a new client certificate. Normal at start and at each renewal.',
    'certificate request failed':
      'A server issued no certificate to the agent, or the agent reached none. Without a valid certificate it has no feed.',
    'CNI results directory missing': 'The directory does not exist. The agent waits until it does.',
    'CNI results directory readable': 'The agent reads and watches the directory.',
    'container credentials endpoint listening':
      'The agent accepts requests for container credentials at this address. Normal at start. Only with `--container-credentials`.',
    'connected to reconcile': 'Normal at start and after an update of the reconcile container.',
    'connection to reconcile lost': 'Normal at debug level while the Pod stops.',
    'feed opened': 'A server accepted the stream and sends its snapshot.',
    'feed synced':
      'The snapshot is complete, and decisions are current. After an interruption, `awayMs` is its duration and `failures` the number of failed attempts.',
    'ServiceAccount token used from another address':
      'A request for container credentials had a valid ServiceAccount token, but came from an address that the Pod of the token does not own; it was refused. An audit line with the fields of `request refused` about the Pod at the address, and `tokenPod` and `tokenUid`. Repetitions are counted in `refusal lines suppressed`.',
    'first credentials delivered':
      'A Pod received its first credentials. An audit line with the fields of `request refused`; `sinceFirstRequestMs` is how long the Pod waited for them.',
    'foreign listener on an agent port closed': 'Recovered from `foreign listener on an agent port`.',
    'clock skew between node and server recovered': 'Recovered from `clock skew between node and server`.',
    'foreign addresses on the link rolegate0 removed':
      'Recovered from `foreign addresses on the link rolegate0`.',
    'interfaces with a default route changed':
      'The rules that keep other nodes away from container credentials now name these interfaces. Normal when routes change. Only with `--container-credentials`.',
    'host interface recovered': 'Recovered from `host interface not found`.',
    'IMDSv1 probe failed':
      "The agent could not find out whether the node's IMDS allows IMDSv1. It tries again every five minutes.",
    'interception installed':
      'The rules were installed for the first time. If a layer is missing, `interception incomplete` follows.',
    'interception recovered': 'Recovered from `interception incomplete`: all rules are installed again.',
    'interception removed':
      '`rolegate-agent uninstall` removed all rules. Pods can reach the IMDS of the node again.',
    'issuer keys current again': 'Recovered from `issuer keys outdated`.',
    'issuer keys received':
      "The API server's keys for ServiceAccount tokens arrived or changed: `count` keys of `issuers`. Normal at start and when keys are rotated. Only with `--container-credentials`.",
    'kernel connection limit no longer reached':
      'No new connection was dropped since the last check. `count` is the number dropped before.',
    'kernel connection limit available again': 'Recovered from `kernel connection limit unavailable`.',
    'kernel routing of Pod metadata traffic recovered':
      'Recovered from `kernel routes Pod traffic to the metadata address`: the kernel no longer routes Pod traffic there.',
    'metadata traffic blocked but not redirected':
      '`count` attempts of Pods to reach a metadata address were blocked since the last check.',
    'node IMDS now requires IMDSv2': 'Recovered from `node IMDS allows IMDSv1`.',
    'node IMDS recovered': 'Recovered from `node IMDS does not respond`.',
    'older decision ignored':
      'A lagging server sent a decision that is older than the current one. The current one stays in force.',
    'own rules removed from iptables backend':
      'The agent removed its rules from the backend that the node does not use, or all rules during an uninstall.',
    'port acquired': 'The agent has the port. `waitedMs` is how long another agent kept it.',
    'reading Pod addresses from CNI results':
      'Normal at start; later: recovered from `CNI results unusable; reading Pod addresses from Pod status`.',
    'reconcile listening':
      '`reconcile` accepts connections of the agent container on its socket. Normal at start.',
    'reconcile stopped': 'The process has stopped. The rules stay installed.',
    'refusal lines suppressed':
      'Requests were refused repeatedly. `leftOut` is the number of `request refused` lines that were not written; `ip`, `uid`, `pod`, `namespace` and `reason` are set if one Pod or address caused them all for one reason, and only `namespace` if several Pods of a Namespace did.',
    'renewal failed; certificate issued by attestation':
      'The agent has a new certificate; only the shorter way failed.',
    'request answered': 'A request that was not refused. The fields are those of `request refused`.',
    'request refused':
      '`cache` is hit (answered from memory) or hold (the request waited), `waitedFor` says what for, `detail` explains the reason, `sdk` is the client library, `imds` the version of the request, `firstRequest` is true for the first request of the Pod for credentials, whatever the answer; `first` is true for its first credentials.',
    'restored state from previous process':
      'Normal after a restart: Pods keep their credentials. `feedLostMs` is how long ago the feed was lost.',
    'saved certificate ignored': 'The agent proves its node again. Normal after an update or a reboot.',
    'self-test passed':
      "A process in a temporary network namespace, connected like a Pod, reached the agent and not the node's IMDS.",
    'token reviews recovered': 'Recovered from `token review failed`.',
    'state write recovered': 'Recovered from `state write failed`.',
    'waiting for the Pod table before sharing the port':
      'The old agent answers requests until the new one knows the Pods. Normal in an update.',
  },
  Server: {
    'address resolved to Pod': 'The server told an agent which Pod owns an address.',
    'agent attested': 'An agent proved its node and received a certificate.',
    'agent connected': 'An agent opened its feed.',
    'agent connection lines suppressed':
      'An agent connected repeatedly. `leftOut` is the number of lines that were not written.',
    'agent disconnected': 'The feed of an agent ended. Normal in an update of agents or servers.',
    'agent refused':
      'The server refused a call of an agent, or of a client that claims to be one. The call has no effect.',
    'agent reported first credentials delivered':
      'A Pod received its first credentials, according to its agent. `durationMs` is how long the request was held.',
    'agent reported sessions not known to be its own':
      'An agent reported sessions that belong to no Pod of its node, as far as the server knows. The report is audited.',
    'API server does not support streaming lists; using pages':
      'Normal with older API servers. Only memory use differs.',
    'authority activated': 'This CA signs new certificates from now on.',
    'authority bundle published': 'The ConfigMap has the current CA certificates.',
    'authority bundle sync failed':
      'The ConfigMap with the CA certificates is not updated. Running agents are not affected; new agents might not trust the servers.',
    'authority bundle sync recovered': 'Recovered from `authority bundle sync failed`.',
    'authority found': 'Normal at start: an authority in the Secret, with its state.',
    'authority prepared': 'A new authority exists, and agents learn to trust it before it signs.',
    'authority removed': 'An expired or deleted authority is no longer in the Secret.',
    'authority retired':
      'This CA signs no more certificates. It stays trusted until the last certificate that it signed has expired, or until it is removed.',
    'authority Secret sync failed':
      'The server cannot read or write the authority Secret. It continues with the authorities that it knows; rotation stops.',
    'authority Secret was older than known state; merged':
      'The Secret was older than the state of this server, which [merged both](identity.md#the-secret-comes-back-older).',
    'authority Secret sync recovered': 'Recovered from `authority Secret sync failed`.',
    'base credentials for --assume-role-arn recovered':
      'Recovered from `STS rejects the base credentials for --assume-role-arn`. `reason` is that of the fault that ended.',
    'cannot assume the role of --assume-role-arn':
      'No session is issued or renewed while this fails. Issued credentials stay valid until they expire.',
    'cannot issue session':
      'Logged at warn for the first failure of a session, at debug for the following ones. The [reason](reasons.md) decides what to do.',
    'cannot resolve address to Pod': 'An agent asked who owns an address, and no Pod of its node does.',
    'cannot review ServiceAccount token':
      'An agent asked about the token of a Pod and got no verdict: the API server did not answer, or there were too many questions. The agent asks again.',
    'issuer keys read':
      'The server read the keys that verify ServiceAccount tokens, and they have changed. `keys` is their number, `skipped` how many are of no accepted kind.',
    'feed stream failed': 'The connection of an agent broke. The agent reconnects.',
    'list complete':
      'The server has read all objects of a kind, at start or when it lists again. `by` says how: as a stream or in pages.',
    'refused handshake lines suppressed':
      '`leftOut` is the number of `TLS handshake refused` lines that were not written.',
    'role base ARN detected': 'Roles without an ARN belong to this account.',
    'role of --assume-role-arn recovered':
      'Recovered from `cannot assume the role of --assume-role-arn`. `reason` is that of the fault that ended.',
    'role would be refused with --namespace-policy enforce':
      'An audit line under `--namespace-policy audit`: the Pod gets the role, but would not get it with `enforce`. Permit it in the Namespace first.',
    'server certificate issued': 'The server has a new certificate. Normal at start and at each renewal.',
    'server certificate renewal failed':
      'The server continues with its current certificate, and agents cannot connect to it after that has expired.',
    'server certificate renewal recovered': 'Recovered from `server certificate renewal failed`.',
    'server listening': 'The server accepts agents. Normal at start.',
    'server stopped': 'The process has stopped.',
    'server stopping': 'The server received SIGTERM. Agents connect to other servers.',
    "server's credentials recovered":
      "Recovered from `STS rejects the server's credentials`. `reason` is that of the fault that ended.",
    'session failure lines suppressed':
      '`leftOut` is the number of `cannot issue session` lines that were not written.',
    'ServiceAccount token reviewed':
      'An agent asked about the token of a Pod, because it does not know its key or issuer. `uid` is the Pod; `error` says why the token is not valid.',
    'session issued': 'An audit line for each set of credentials from STS: first issues and renewals.',
    'startup taint removed': 'The agent of a new node is ready. Pods can now be scheduled there.',
    'STS rejects the base credentials for --assume-role-arn':
      "STS rejects the server's own credentials, with which it assumes the role of --assume-role-arn. No session is issued or renewed after that role's session has expired. Issued credentials stay valid until they expire.",
    "STS rejects the server's credentials":
      'No session is issued or renewed while this fails. Issued credentials stay valid until they expire.',
    'TLS handshake refused':
      'A client could not connect to a port of the server: its certificate was refused, or it refused that of the server.',
    'unreadable object lines suppressed':
      '`leftOut` is the number of `unreadable object from API server` lines that were not written.',
    'watch recovered':
      'Recovered from `watch failed`. `awayMs` is the duration, `failures` the number of failed attempts.',
    'watch failed':
      'At info level, the resourceVersion has expired (410): the server lists again, and you need do nothing. At warn and error, the server does not see changes of this kind until the watch recovers.',
  },
  'Agent and server': {
    'CA bundle reloaded': 'The file changed, and new connections use it.',
    'cannot open probe port; retrying': 'The program runs, but probes fail until it has the port.',
    'certificates reloaded': 'The files changed, and new connections use them.',
    'configuration warning': 'A valid setting that has a risk or a side effect. `warning` names the flag.',
    'limit reached':
      '`limit` names the limit, and further fields its client. The agent writes `ip`, and `namespace` and `uid` of the Pod that owns the address; the server writes the Namespace, the node or the address. `refused` says what the agent refused.',
    'limit reached repeatedly': '`count` is how often the limit was reached after the first line.',
    'log level changed': 'The command `log-level` was run.',
    'probe port in use by another agent; retrying':
      'Normal in an update: the old agent answers the probes until it stops.',
    'probe port opened':
      'Recovered from `cannot open probe port; retrying`, or the previous agent has stopped.',
    'status socket not available': 'The commands `status` and `log-level` do not work in this process.',
  },
};

/** The fields of DESIGN.md 4.9, and others whose names do not say enough. Each must be a field of some message. */
export const fieldMeanings = {
  pod: 'name of the Pod; also `namespace`, `uid` and `serviceAccount`',
  node: 'node of the agent',
  ip: 'address that the request came from',
  role: "ARN of the Pod's role",
  sessionName: 'name of the STS session',
  accessKeyId: 'ID of the access key, which is not secret',
  requestId: 'ID of the request, also in the body of a refusal',
  status: 'HTTP status of the answer',
  durationMs:
    'time until the answer; in `agent reported first credentials delivered`, how long the request was held',
  reason: 'why something was refused or failed ([reasons](reasons.md))',
  hint: 'what to do',
  detail: 'the full reason, for the operator; Pods do not see it',
  cache: '`hit`: the request was answered immediately; `hold`: it was held first',
  waitedFor: 'what a held request waited for in vain',
  imds: '`v1`: the request had no metadata token; `v2`: it had one or asked for one',
  sdk: 'SDK that sent the request, by its User-Agent',
  firstRequest: "true for the Pod's first request for credentials, whatever the answer",
  first: 'true for the first credentials that the Pod receives',
  audit: 'true for lines that belong in an audit trail',
  leftOut: 'number of lines suppressed since the last one',
  failures: 'failed attempts during an outage that has ended',
  awayMs: 'how long the outage lasted',
  skewMs: "how far the node's clock is ahead of the server's; negative if it is behind",
};
