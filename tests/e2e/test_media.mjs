// test_media.mjs: what a form shows beside its questions: brought with the workbook at the console,
// tried out, published, carried to a tablet and shown there; what is not there says so; a real form
// whose pictures were lost goes on without; nothing that is no picture gets in.
import fs from 'node:fs';
import path from 'node:path';
import zlib from 'node:zlib';
import { ConsoleCounty } from './console.mjs';
import { DeskPages, SCRIPT, ok } from './desk_pages.mjs';
import { Browser, Tablet, area, folder, patient } from './web.mjs';

const work = folder('media');
const county = new ConsoleCounty(work);
county.add('admin', 'sun');
county.publish('household');
await county.start();
const data = process.env.YG_TEST_DATA && path.join(process.env.YG_TEST_DATA, 'data/forms/liberia_round2_liberiaCoverage.xlsx');

// ---- contents ----

function png(red, green, blue) {
  const size = 96;
  const chunk = (name, bytes) => {
    const body = Buffer.concat([Buffer.from(name), bytes]);
    const out = Buffer.alloc(body.length + 8);
    out.writeUInt32BE(bytes.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(zlib.crc32 ? zlib.crc32(body) : crc(body), body.length + 4);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.concat(Array.from({ length: size }, (_, y) => Buffer.concat([Buffer.from([0]),
    ...Array.from({ length: size }, (_, x) => Buffer.from(Math.hypot(x - 48, y - 48) < 40 ? [red, green, blue] : [245, 246, 248]))])));
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head),
    chunk('IDAT', zlib.deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}
function crc(bytes) {
  let value = ~0;
  for (const byte of bytes) {
    value ^= byte;
    for (let i = 0; i < 8; i++) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}
function wav() {
  const samples = Buffer.alloc(8000);
  for (let i = 0; i < samples.length; i++) samples[i] = 128 + Math.round(60 * Math.sin(i / 3));
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(8000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}
const media = path.join(work, 'pictures');
fs.mkdirSync(media);
const files = { 'pig.png': png(240, 150, 160), 'goat.png': png(120, 100, 80), 'ask.wav': wav(), '院子.png': png(80, 160, 90) };
for (const [name, bytes] of Object.entries(files)) fs.writeFileSync(path.join(media, name), bytes);

const sheets = path.join(work, 'stock');
fs.mkdirSync(sheets);
fs.writeFileSync(path.join(sheets, 'survey.csv'), `type,name,label::中文 (zh),media::image::中文 (zh),media::audio::中文 (zh),media::video::中文 (zh)
select_one kind,kind,养了什么？,院子.png,ask.wav,
text,how,怎样喂养？,,,feeding.mp4
select_multiple kind,others,还有什么？,,,
`);
fs.writeFileSync(path.join(sheets, 'choices.csv'), `list_name,name,label::中文 (zh),media::image::中文 (zh),media::audio::中文 (zh)
kind,pig,猪,pig.png,
kind,goat,山羊,goat.png,ask.wav
kind,cow,牛,cow.png,
`);
fs.writeFileSync(path.join(sheets, 'settings.csv'), 'form_id,form_title::中文 (zh),version,default_language\nstock,牲畜,1,zh\n');
county.syncd('form', 'convert', sheets, '--to', 'xlsx', `${work}/stock.xlsx`);

const wang = new Tablet(county, 'wang', area);
const desk = new DeskPages(county, 'media');
await desk.start();
const blue = png(9, 9, 200);
// What was brought and is not published, and all that is among the attachments.
const brought = () => (fs.existsSync(`${county.work}/county/brought`) ? fs.readdirSync(`${county.work}/county/brought`) : []);
const staying = () => fs.readdirSync(`${county.work}/county`, { recursive: true })
  .filter((one) => /^attachments\/.*[0-9a-f]{64}$/.test(one));
const shown = (page, name) => page.locator(`img.medium[src*="${encodeURIComponent(name)}"]`).first()
  .evaluate((img) => img.decode().then(() => img.naturalWidth));

async function bringing() {
  const page = await desk.open('sun');
  const choose = async (button, what) => {
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByText(button, { exact: true }).click()]);
    await chooser.setFiles(what);
  };

  await desk.place(page, '表单');
  await page.getByRole('button', { name: '上传表单' }).click();
  await choose('选择工作簿', `${work}/stock.xlsx`);
  await page.getByText('可以发布').waitFor();
  ok(/pig\.png/.test(await page.locator('.findings').innerText()), 'what was not brought is told by cell');
  await choose('上传图片、录音、视频', Object.keys(files).map((name) => path.join(media, name)));
  await page.getByText(/院子\.png · .*本次上传/).waitFor();
  const told = await page.locator('.findings').innerText();
  ok(!/pig\.png/.test(told) && /cow\.png/.test(told) && /feeding\.mp4/.test(told), 'what is there is not told any more', told);
  await desk.look(page, 'brought');
  ok(brought().length === 4 && staying().length === 0, 'pictures wait beside, not among what stays for ever', [...brought(), ...staying()].join('\n'));
  fs.writeFileSync(path.join(media, 'evil.png'), `<svg xmlns="http://www.w3.org/2000/svg">${SCRIPT}</svg>`);
  await choose('上传图片、录音、视频', path.join(media, 'evil.png'));
  await page.getByText('不是图片、录音或视频').waitFor();
  fs.rmSync(path.join(media, 'evil.png'));
  ok(true, 'a drawing that can hold a program is refused, whatever its name says');
  await choose('上传改好的工作簿', `${work}/stock.xlsx`);
  await page.getByText(/院子\.png · .*本次上传/).waitFor();
  ok(true, 'a mended workbook of the same name finds them');
  await page.getByRole('button', { name: '试填' }).click();
  await page.getByRole('radio', { name: '山羊' }).waitFor();
  ok(await shown(page, '院子.png') === 96 && await shown(page, 'goat.png') === 96, 'the preview shows pictures of questions and choices');
  await page.locator('[data-missing="cow.png"]').first().waitFor();
  await page.locator('[data-missing="feeding.mp4"]').waitFor();
  ok(true, 'and says what is missing');
  ok((await page.locator('audio.medium').first().evaluate((one) => new Promise((done) => {
    if (one.readyState > 0) done(one.duration);
    one.addEventListener('loadedmetadata', () => done(one.duration));
  }))) === 1, 'a sound can be played');
  await desk.look(page, 'preview');
  await page.keyboard.press('Escape');
  await page.getByLabel('理由').fill('畜牧普查');
  await page.getByRole('button', { name: /发布为第 1 版/ }).click();
  await desk.heading(page, '牲畜 (stock)');
  ok(brought().length === 0 && staying().length === 4, 'published, they are where everything else is', [...brought(), ...staying()].join('\n'));
  await desk.place(page, '表单');
  await page.getByRole('button', { name: '上传表单' }).click();
  await choose('选择工作簿', `${work}/stock.xlsx`);
  await page.getByText(/院子\.png · /).first().waitFor();
  fs.writeFileSync(path.join(media, 'goat.png'), png(1, 2, 3));
  await choose('上传图片、录音、视频', path.join(media, 'goat.png'));
  await page.getByText(/goat\.png · .*本次上传/).waitFor();
  ok(brought().length === 1, 'another picture waits again', brought().join());
  await page.getByRole('button', { name: '放弃本次上传' }).click();
  await page.getByText('选择工作簿', { exact: true }).waitFor();
  ok(brought().length === 0 && staying().length === 4, 'and is gone when it is thrown away', [...brought(), ...staying()].join('\n'));
  await page.close();
}

async function asked() {
  const sun = await county.browser('sun');
  const id = (await sun.get('/api/forms')).json.items.find((one) => one.name === 'stock').form;
  const got = await sun.get(`/api/forms/${id}/media/pig.png`);
  ok(got.status === 200 && got.bytes.equals(files['pig.png']) && got.headers['content-type'] === 'image/png' &&
    got.headers['x-content-type-options'] === 'nosniff', 'the county serves what was brought, as what it is', JSON.stringify(got.headers));
  for (const name of ['cow.png', '..%2f..%2fcounty.db', '%2e%2e', 'pig.png%00'])
    ok([400, 404].includes((await sun.get(`/api/forms/${id}/media/${name}`)).status), `nothing else: ${name}`);
  await sun.post('/api/forms/uploaded', fs.readFileSync(`${work}/stock.xlsx`), { 'content-type': 'application/octet-stream' });
  const kept = (await sun.get('/api/forms/uploaded')).json;
  ok(kept.media.length === 4 && kept.media.every((one) => one.kept) && kept.same, 'a new version keeps what the last one shows', JSON.stringify(kept.media));
  const left = (await sun.post('/api/forms/uploaded/leave', { file: 'pig.png' })).json;
  ok(left.media.length === 3 && left.difference.some((one) => one.kind === 'removed' && one.name === 'pig.png'), 'unless it is left out');
  const big = Buffer.concat([png(1, 2, 3), Buffer.alloc(8 << 20)]);
  ok((await sun.post('/api/forms/uploaded/files/big.png', big, { 'content-type': 'application/octet-stream' })).status === 413, 'and not above its cap');
  for (const name of ['..%2fa.png', '.png', 'a%00.png', 'a.svg', 'a%5cb.png'])
    ok([400, 404].includes((await sun.post(`/api/forms/uploaded/files/${name}`, files['pig.png'], { 'content-type': 'application/octet-stream' })).status),
      `a bent name: ${name}`);
  await sun.post('/api/forms/uploaded/files/pig.png', blue, { 'content-type': 'application/octet-stream' });
  ok((await sun.get('/api/forms/uploaded/media/pig.png')).bytes.equals(blue) && brought().length === 1, 'what was brought now is what is tried out');
  await sun.post('/api/logout');
  ok(brought().length === 0, 'nothing is left when the login ends', brought().join());
}

async function onTablet() {
  wang.agent('sync');
  await wang.start();
  const browser = new Browser(wang);
  await browser.launch();
  await browser.unlock();
  const draft = (await browser.post('/api/drafts', { form: 'stock', area })).json;
  const kind = draft.questions.find((one) => one.ref === '/data/kind');
  ok(kind.image === '院子.png' && kind.audio === 'ask.wav' && kind.options[0].image === 'pig.png' && kind.options[1].audio === 'ask.wav',
    'questions and choices name what they show', JSON.stringify(kind));
  const goat = await browser.get(`/api/forms/${draft.form_id}/media/goat.png`);
  ok(goat.status === 200 && goat.bytes.equals(files['goat.png']) && goat.headers['content-type'] === 'image/png' &&
    goat.headers['x-content-type-options'] === 'nosniff', 'the tablet has it after a sync');
  ok((await browser.get(`/api/forms/${draft.form_id}/media/cow.png`)).status === 404, 'and not what nobody brought');
  ok(!(await browser.get('/api/ready')).json.items.find((one) => one.what === 'forms').media_missing, 'nothing is still to come');
  await browser.post('/api/lock');
  ok((await browser.get(`/api/forms/${draft.form_id}/media/goat.png`)).status === 401, 'nobody looks who has not unlocked');

  const context = await desk.browser.newContext({ viewport: { width: 800, height: 1280 }, locale: 'zh-CN' });
  const page = await context.newPage();
  await patient(page);
  page.on('pageerror', (error) => desk.troubles.push(error.message));
  await page.goto(`file://${wang.data}/launch.html`);
  await page.getByLabel('口令').fill('secret-of-wang');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await page.goto(`http://127.0.0.1:${wang.port}/#/draft/${draft.draft}`);
  await page.getByRole('radio', { name: '山羊' }).waitFor();
  ok(await shown(page, '院子.png') === 96 && await shown(page, 'pig.png') === 96, 'the form shows its pictures');
  await page.locator('[data-missing="cow.png"]').first().waitFor();
  ok((await page.locator('main').innerText()).includes('feeding.mp4'), 'and names what is not there');
  await page.getByRole('radio', { name: '猪' }).click();
  ok(await page.getByRole('radio', { name: '猪' }).isChecked(), 'a choice with a picture is chosen');
  await desk.look(page, 'tablet');
  await page.setViewportSize({ width: 360, height: 740 });
  ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'nothing is wider than a phone');
  await desk.look(page, 'phone');
  await context.close();
  await wang.stop();
}

// By command, from a folder of its own; and other people's form, whose pictures are not here.
async function byCommand() {
  const real = data && fs.existsSync(data);
  const given = path.join(work, 'given');
  fs.mkdirSync(given);
  for (const name of ['iron.jpg', 'bluePill.jpg'])
    fs.writeFileSync(path.join(given, name), files['pig.png']); // named .jpg, and a PNG all the same
  if (!real) fs.cpSync(sheets, path.join(work, 'liberia'), { recursive: true });
  const source = real ? data : path.join(work, 'liberia');
  const printed = county.syncd('form', 'publish', source, '--lenient', '--media', given, '--json');
  const told = JSON.parse(printed);
  ok(told.published && (!real || told.findings.some((one) => /redPill\.jpg/.test(one.text))) &&
    !told.findings.some((one) => /bluePill\.jpg/.test(one.text)), 'a form comes with a folder of pictures, and tells what is not in it', printed.slice(0, 600));
  wang.agent('sync');
  await wang.start();
  const browser = new Browser(wang);
  await browser.launch();
  await browser.unlock();
  const form = (await browser.get('/api/forms')).json.forms.find((one) => one.form === told.name);
  const iron = await browser.get(`/api/forms/${form.id}/media/iron.jpg`);
  ok(iron.bytes.equals(files['pig.png']) && iron.headers['content-type'] === 'image/png', 'it is served as what it is, not as what it is called');
  await wang.stop();
}

// The last: the county listens elsewhere afterwards.
async function killed() {
  const sun = await county.browser('sun');
  await sun.post('/api/forms/uploaded', fs.readFileSync(`${work}/stock.xlsx`), { 'content-type': 'application/octet-stream' });
  await sun.post('/api/forms/uploaded/files/pig.png', blue, { 'content-type': 'application/octet-stream' });
  ok(brought().length === 1, 'it waits');
  county.child.kill('SIGKILL');
  await county.child.ended;
  await county.start();
  ok(brought().length === 0 && staying().length >= 4, 'nor when the service was killed', [...brought(), ...staying()].join('\n'));
}

await desk.run({ bringing, asked, onTablet, byCommand, killed });
await desk.end(work);
