import type { NodePrograms } from './node-programs.ts';

/** Every value of the agent's /metrics by its name with labels, as it is printed. */
export async function readAgentMetrics({
  agentOps,
}: Pick<NodePrograms, 'agentOps'>): Promise<Map<string, number>> {
  const text = await agentOps('/metrics');
  if (text === '') throw new Error("the agent's /metrics do not answer");
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line): [string, number] => {
        const at = line.lastIndexOf(' ');
        return [line.slice(0, at), Number(line.slice(at + 1))];
      }),
  );
}

export const repairsOf = (layer: string): string => `rolegate_interception_repairs_total{layer="${layer}"}`;
