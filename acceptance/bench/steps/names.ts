/** The parts of the benchmark, in the order in which they run. */
export const actNames = ['exec', 'warm', 'new-pod', 'sessions', 'budget', 'server', 'node'] as const;
export type ActName = (typeof actNames)[number];
