// Writes the table of values in each chart's README and the descriptions in its schema from the comments in values.yaml. The comments
// are the source because operators read values.yaml first (`helm show values`) and edit each value below its comment. Run with
// node --conditions=development.
import { readFileSync, writeFileSync } from 'node:fs';
import { chartNames } from '../../charts/test/rendering.ts';
import { readmeOf, schemaFileOf, withDescriptions, withValuesTable } from '../../charts/test/values-doc.ts';

for (const chart of chartNames) {
  const readme = readmeOf(chart);
  writeFileSync(readme, withValuesTable(chart, readFileSync(readme, 'utf8')));
  const schema = schemaFileOf(chart);
  writeFileSync(schema, withDescriptions(chart, readFileSync(schema, 'utf8')));
}
