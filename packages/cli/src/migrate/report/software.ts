/** Software that reads more of the metadata API than credentials, recognized by its images (docs/metadata.md). */
interface Software {
  readonly name: string;
  /** Matches the image without registry and tag. */
  readonly image: RegExp;
  /** Groups of `metadata.groups` that it reads, `placement` apart, which is open by default. */
  readonly groups: readonly string[];
}

const known: readonly Software[] = [
  { name: 'AWS Load Balancer Controller', image: /aws-load-balancer-controller$/, groups: ['network'] },
  {
    name: 'CloudWatch agent',
    image: /cloudwatch-agent$/,
    groups: ['identity-document', 'instance', 'tags'],
  },
  {
    name: 'OpenTelemetry Collector',
    image: /(opentelemetry-collector|otelcol|aws-otel-collector)[\w-]*$/,
    groups: ['identity-document', 'instance'],
  },
  {
    name: 'Datadog Agent',
    image: /(^|\/)datadog\/agent$|(^|\/)datadog-agent$/,
    groups: ['identity-document', 'instance', 'network', 'tags'],
  },
  { name: 'Vector', image: /timberio\/vector$/, groups: ['instance', 'network'] },
  { name: 'Fluent Bit', image: /fluent-bit$/, groups: ['instance', 'network'] },
  { name: 'Telegraf', image: /telegraf$/, groups: ['identity-document'] },
  { name: 'Beats', image: /(filebeat|metricbeat|elastic-agent)$/, groups: ['identity-document'] },
  {
    name: 'Elasticsearch or OpenSearch',
    image: /(elasticsearch|opensearch)$/,
    groups: ['instance', 'network'],
  },
  { name: 'Cassandra', image: /cassandra$/, groups: ['network'] },
  { name: 'Istio', image: /istio\/(pilot|proxyv2)$/, groups: ['instance'] },
  {
    name: 'Node Termination Handler',
    image: /aws-node-termination-handler$/,
    groups: ['instance', 'network'],
  },
];

export interface SoftwareRow {
  readonly software: string;
  readonly groups: readonly string[];
  readonly pods: number;
  readonly namespaces: readonly string[];
}

/** Namespaces that are named of each software. */
const MOST_NAMESPACES = 5;

/** Counts Pods with software that may read more than credentials. Host-network Pods do not count: they reach the node's API. */
export function createSoftwareTally() {
  const found = new Map<Software, { pods: number; namespaces: Set<string> }>();
  return {
    add(namespace: string, images: readonly string[]): void {
      for (const software of known) {
        if (!images.some((image) => software.image.test(nameOf(image)))) continue;
        const row = found.get(software) ?? { pods: 0, namespaces: new Set() };
        found.set(software, row);
        row.pods += 1;
        if (row.namespaces.size < MOST_NAMESPACES) row.namespaces.add(namespace);
      }
    },
    rows: (): readonly SoftwareRow[] =>
      known.flatMap((software) => {
        const row = found.get(software);
        if (row === undefined) return [];
        return [
          {
            software: software.name,
            groups: software.groups,
            pods: row.pods,
            namespaces: [...row.namespaces],
          },
        ];
      }),
  };
}

/** Without tag and digest. A port of the registry is before the last slash. */
function nameOf(image: string): string {
  const [name = ''] = image.split('@');
  const colon = name.lastIndexOf(':');
  return colon > name.lastIndexOf('/') ? name.slice(0, colon) : name;
}
