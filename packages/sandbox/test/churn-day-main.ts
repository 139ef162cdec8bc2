// Plays a day and prints its figures as JSON, for test:chaos: a process of its own, whose memory is nothing else's.
import { churnDay } from './churn-day.ts';

const HOURS = 24;

const { gc } = globalThis;
if (gc === undefined) throw new Error('this needs node --expose-gc');
const collect = () => {
  gc();
};
console.log(JSON.stringify(await churnDay({ hours: HOURS, lookAt: [2, 8, 16, HOURS], collect })));
