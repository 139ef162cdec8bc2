import { changeKinds } from './change.ts';
import type { ChangeKind } from './change.ts';
import { clusterSections, nodeRoleSections, pathSections } from './cluster-sections.ts';
import { changeSections, ruleSections } from './pod-sections.ts';
import type { Report } from './report.ts';
import type { Section } from './section.ts';

/** The parts of a report, with what breaks first. A part of which there is nothing to say is left out. */
export function reportSections(report: Report): readonly Section[] {
  return [
    ...changeSections(report),
    ...ruleSections(report),
    ...nodeRoleSections(report),
    ...pathSections(report),
    ...clusterSections(report),
    ...(report.incomplete.length === 0
      ? []
      : [{ title: 'What could not be read, and so is missing above', lines: report.incomplete }]),
  ];
}

/** What a report is about, and its figures. */
export function summaryLines({
  system,
  programs,
  baseArn,
  namespaces,
  pods,
  changed,
}: Report): readonly string[] {
  const kinds = Object.keys(changeKinds) as ChangeKind[];
  const sum = (effect: string) =>
    kinds
      .filter((kind) => changeKinds[kind].effect === effect)
      .reduce((total, kind) => total + changed[kind], 0);
  return [
    `From ${system} to Rolegate: ${programs.map(({ of, version }) => `${of}${version === '' ? '' : ` ${version}`}`).join(', ')}`,
    `Base ARN ${baseArn}; ${namespaces} Namespaces, ${pods} Pods, CronJobs and workloads without Pods`,
    `Would lose their role or get another: ${sum('breaks')}; would get a role that they do not get now: ${sum('opens')}`,
  ];
}
