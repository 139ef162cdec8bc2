/**
 * Priorities of our ip rules, before those of network plugins: Cilium begins at 9, amazon-vpc-cni at 10 (it sends traffic of Pods
 * with security groups to separate tables). After the local table, at 0 unless a plugin moved it.
 */
export const LET_PASS_PRIORITY = 5;
export const PROHIBIT_PRIORITY = 6;
