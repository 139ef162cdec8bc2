// Runs a day and prints its figures as JSON, for test:chaos. A process of its own, so that its memory is only that of
// the day.
import { churnDay } from './churn-day.ts';

const HOURS = 24;

const { gc } = globalThis;
if (gc === undefined) throw new Error('this needs node --expose-gc');
const collect = () => {
  gc();
};
console.log(JSON.stringify(await churnDay({ hours: HOURS, lookAt: [2, 8, 16, HOURS], collect })));
