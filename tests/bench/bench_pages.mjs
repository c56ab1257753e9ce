// bench_pages.mjs: the pages as somebody with a slow tablet has them: Chromium with its processor
// slowed four times. The first page until one can type, home, and an answer until it is on disk and
// the page says so; wall time and the time of the page's own thread, with the load of the machine,
// because both differ widely where others are at work.
//
//   make all build/web/test/ready && node tests/bench/bench_pages.mjs [MEMBERS]
import fs from 'node:fs';
import { Browser, County, Tablet, area } from '../e2e/web.mjs';
import { openBrowser, work } from '../e2e/browser.mjs';

const ROUNDS = 9;
const ANSWERS = 20;
const members = Number(process.argv[2] ?? 8);
const county = new County(work);
county.publish('household');
await county.start();
const tablet = new Tablet(county, 'wang');
await tablet.start();
const program = new Browser(tablet);
await program.launch();
await program.unlock();
const here = `http://127.0.0.1:${tablet.port}/`;
const { context, page } = await openBrowser('wang');
await page.goto(`file://${tablet.data}/launch.html`);
await page.waitForURL(`${here}**`);

const tools = await context.newCDPSession(page);
await tools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
await tools.send('Network.enable');
let bytes = 0;
let requests = 0;
tools.on('Network.loadingFinished', (event) => {
  bytes += event.encodedDataLength;
  requests++;
});
const ownTime = async () => (await tools.send('Performance.getMetrics')).metrics
  .find(({ name }) => name === 'TaskDuration').value * 1000;

function told(list) {
  const sorted = [...list].sort((a, b) => a - b);

  return `${sorted[0].toFixed(0)} to ${sorted.at(-1).toFixed(0)} ms, median ${
    sorted[sorted.length >> 1].toFixed(0)}`;
}
const load = () => `load ${fs.readFileSync('/proc/loadavg', 'utf8').split(' ')[0]}`;

// Until it is drawn and takes letters.
async function first(what, selector) {
  const took = [];
  const own = [];

  for (let i = 0; i < ROUNDS; i++) {
    bytes = requests = 0;
    await page.goto('about:blank');
    await tools.send('Network.clearBrowserCache');
    const before = await ownTime();
    await page.goto(here, { waitUntil: 'commit' });
    took.push(await page.evaluate((wanted) => new Promise((done) => {
      const look = () => requestAnimationFrame(() => (document.querySelector(wanted)
        ? setTimeout(() => done(performance.now()), 0) : look()));
      look();
    }), selector));
    const after = await ownTime();
    own.push(after < before ? after : after - before); // a new page may count from 0
  }
  console.log(`${what}: ${told(took)}; own time ${told(own)}; ${bytes} bytes, ${requests} requests; ${load()}`);
}

async function answers(what, draft) {
  await page.goto('about:blank');
  await page.goto(`${here}#/draft/${draft}/${encodeURIComponent('/data/situation')}`);
  await page.locator('.question input[type=radio]').first().waitFor();
  const before = await ownTime();
  const took = await page.evaluate(async (count) => {
    const times = [];

    for (let i = 0; i < count; i++) {
      performance.clearResourceTimings();
      const begin = performance.now();
      document.querySelectorAll('.question input[type=radio]')[i % 2].click();
      await new Promise((done) => {
        const look = () => setTimeout(() => (performance.getEntriesByType('resource').length > 0 &&
          document.querySelector('.state.saved') ? requestAnimationFrame(() => setTimeout(done, 0)) : look()), 1);
        look();
      });
      times.push(performance.now() - begin);
      await new Promise((done) => setTimeout(done, 30));
    }
    return times;
  }, ANSWERS);
  console.log(`${what}: ${told(took)}; own time ${((await ownTime() - before) / ANSWERS).toFixed(0)} ms each; ${load()}`);
}

await first('the first page', 'input[type=password]');
await page.locator('input[type=password]').fill('secret-of-wang');
await page.keyboard.press('Enter');
await page.locator('.foot .primary').waitFor();
await first('home', '.foot .primary');
const { draft } = (await program.post('/api/drafts', { form: 'household', area })).json;
await answers('an answer', draft);
for (let i = 1; i <= members; i++) {
  await program.post(`/api/drafts/${draft}/add`, { ref: 'member' });
  await program.post(`/api/drafts/${draft}/answers`, { answers: [
    { ref: `member[${i}]/name`, value: `王小${i}` }, { ref: `member[${i}]/relation`, value: i > 1 ? '20' : '02' }] });
}
await answers(`an answer, ${members} members`, draft);
await context.close();
await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true, force: true });
