// bench_web.mjs: the web app with 10,000 households on the tablet: an answer until it is on disk and
// replied, beside what the disk itself takes for one fsync; lists; and the agent's memory.
//
//   make all build/generate && node tests/bench/bench_web.mjs [COUNT]
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Browser, County, Tablet, area, build, folder } from '../e2e/web.mjs';

const count = Number(process.argv[2] ?? 10000);
const work = folder('bench-web');
const county = new County(work);
county.publish('household');
county.publish('visit');
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

// A photo as it comes out of the browser: looked at, sealed, hashed, on disk.
{
  const visit = (await browser.post('/api/drafts', { form: 'visit', area })).json.draft;
  const photos = Array.from({ length: 20 }, (_, seed) => Buffer.concat([
    Buffer.from('ffd8ffe000040102ffc0000b080010001001011100ffda0008010100003f00', 'hex'),
    Buffer.alloc(400000, seed + 1), Buffer.from('ffd9', 'hex')]));
  await measure('a photo of 400 kB, sealed on disk', 20, (i) =>
    browser.post(`/api/drafts/${visit}/attachments?ref=photos`, photos[i], 'application/octet-stream'));
  memory('with 20 photos');
}

// From a camera's file of 4 MB to a photo on disk, in the browser: decoded, made smaller, sent.
const chromium = '/usr/bin/chromium';
const modules = path.join(build, 'web/test/node_modules');
if (fs.existsSync(chromium) && fs.existsSync(path.join(modules, 'playwright-core'))) {
  const { chromium: launcher } = createRequire(`${modules}/`)('playwright-core');
  const window = await launcher.launch({ executablePath: chromium, args: ['--no-sandbox', '--disable-gpu'] });
  const page = await (await window.newContext({ locale: 'zh-CN' })).newPage();
  const file = `${work}/camera.jpg`;
  const pixels = await page.evaluate(async () => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [4000, 3000];
    const pen = canvas.getContext('2d');
    const tile = pen.createImageData(500, 500);
    let state = 1;
    for (let i = 0; i < tile.data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      tile.data[i] = i % 4 === 3 ? 255 : 100 + (state >>> 24) / 5;
    }
    for (let y = 0; y < 3000; y += 500) for (let x = 0; x < 4000; x += 500) pen.putImageData(tile, x, y);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.86));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let out = '';
    for (let at = 0; at < bytes.length; at += 8192) out += String.fromCharCode(...bytes.subarray(at, at + 8192));
    return btoa(out);
  });
  fs.writeFileSync(file, Buffer.from(pixels, 'base64'));
  await page.goto(`file://${tablet.data}/launch.html`);
  await page.waitForURL(`http://127.0.0.1:${tablet.port}/**`);
  await page.getByLabel('口令').fill('secret-of-wang');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: '新户' }).waitFor();
  const number = (await browser.post('/api/drafts', { form: 'visit', area })).json.draft;
  await page.goto(`http://127.0.0.1:${tablet.port}/#/draft/${number}/%2Fdata%2Fphotos`);
  const chooser = page.locator('input[type=file][multiple]').first();
  await chooser.waitFor({ state: 'attached' });
  const size = fs.statSync(file).size;
  for (let round = 0; round < 5; round++) {
    // Another photo each time: what is here already is not kept twice.
    fs.appendFileSync(file, Buffer.from([round]));
    const began = process.hrtime.bigint();
    await chooser.setInputFiles(file);
    await page.locator('.thumb img').first().waitFor();
    console.log(`a photo of ${(size / 1e6).toFixed(1)} MB, chosen, made smaller, on disk and shown: ${
      (Number(process.hrtime.bigint() - began) / 1e6).toFixed(0)} ms`);
    await page.locator('.thumb').first().getByRole('button', { name: /删除/ }).click();
    await page.locator('.thumb').first().waitFor({ state: 'detached' });
  }
  await window.close();
}
await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true });
