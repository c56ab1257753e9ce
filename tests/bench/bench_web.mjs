// bench_web.mjs: the web app with 10,000 households on the tablet: an answer until it is on disk and
// replied, beside what the disk itself takes for one fsync; lists; and the agent's memory.
//
//   make all build/generate && node tests/bench/bench_web.mjs [COUNT]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Browser, County, Tablet, area, build, folder } from '../e2e/web.mjs';

const count = Number(process.argv[2] ?? 10000);
const work = folder('bench-web');
const county = new County(work);
county.publish('household');
await county.start();
const tablet = new Tablet(county, 'wang');

fs.mkdirSync(`${work}/csv`);
execFileSync(path.join(build, 'generate'), ['--seed', '1', '--count', String(count), '--small', '--csv', `${work}/csv`]);
const repeats = ['member', 'income'].filter((name) => fs.existsSync(`${work}/csv/${name}.csv`))
  .flatMap((name) => ['--repeat', `${name}=${work}/csv/${name}.csv`]);
tablet.agent('import', 'household', `${work}/csv/household.csv`, '--area', area, ...repeats, '--key', 'key');
tablet.agent('sync');
await tablet.start();
const browser = new Browser(tablet);
await browser.launch();

const memory = (what) => {
  const status = fs.readFileSync(`/proc/${tablet.child.pid}/status`, 'utf8');
  console.log(`${what}: ${/VmRSS:\s+(\d+)/.exec(status)[1]} kB resident, ` +
    `${/VmHWM:\s+(\d+)/.exec(status)[1]} kB at most`);
};
async function measure(what, times, call) {
  const took = [];
  for (let i = 0; i < times; i++) {
    const begin = process.hrtime.bigint();
    const answer = await call(i);
    took.push(Number(process.hrtime.bigint() - begin) / 1e6);
    if (answer && answer.status >= 300) throw new Error(`${what}: ${answer.status} ${answer.text}`);
  }
  took.sort((a, b) => a - b);
  console.log(`${what.padEnd(44)} median ${took[times >> 1].toFixed(1)} ms, ` +
    `95th percentile ${took[Math.floor(times * 0.95)].toFixed(1)} ms`);
}

memory('locked');
await measure('unlock', 1, () => browser.unlock());
memory('unlocked');
{
  const file = fs.openSync(`${tablet.data}/fsync`, 'w');
  await measure('one write of 4 KiB and fsync', 50, () => {
    fs.writeSync(file, Buffer.alloc(4096, 1), 0, 4096, 0);
    fs.fsyncSync(file);
  });
  fs.closeSync(file);
}
await measure('home', 20, () => browser.get('/api/home'));
await measure('50 records', 20, () => browser.get('/api/records?limit=50'));
await measure('search', 20, () => browser.post('/api/search', { words: '王' }));
const id = (await browser.get('/api/records?limit=1')).json.records[0].id;
await measure('a record', 20, () => browser.get(`/api/records/${id}`));
await measure('begin a draft', 5, () => browser.post('/api/drafts', { form: 'household', area }));
memory('with a draft open');
const { draft } = (await browser.post('/api/drafts', { form: 'household', area })).json;
await measure('an answer, on disk, with what changed', 200, (i) =>
  browser.post(`/api/drafts/${draft}/answers`, { answers: [{ ref: 'head/name', value: i % 2 ? '王桂兰' : '李桂兰' }] }));
for (let i = 0; i < 8; i++) {
  await browser.post(`/api/drafts/${draft}/add`, { ref: 'member' });
  await browser.post(`/api/drafts/${draft}/answers`, { answers: [
    { ref: `member[${i + 1}]/name`, value: `王小${'一二三四五六七八'[i]}` }, { ref: `member[${i + 1}]/relation`, value: i ? '20' : '02' },
    { ref: `member[${i + 1}]/sex`, value: '1' }] });
}
await measure('the same with eight members', 200, (i) =>
  browser.post(`/api/drafts/${draft}/answers`, { answers: [{ ref: 'member[8]/name', value: i % 2 ? '王小八' : '王小九' }] }));
await measure('the whole form', 20, () => browser.get(`/api/drafts/${draft}`));
memory('with eight members');
await measure('lists of drafts', 20, () => browser.get('/api/drafts'));
await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true });
