// test_photos.mjs: photos, signatures, sound and files in a real browser with a camera and a microphone
// that are made up: taken, chosen, signed with the mouse, taken away and put back, after a reload, and
// byte for byte in the county. What is a photo by its name only is refused.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { check, end, heading, launch, look, ok, openBrowser, saved, screens, strangers, troubles,
  unlock, work } from './browser.mjs';
import { County, Tablet } from './web.mjs';

const SURVEY = `type,name,label,appearance,parameters,bind::yg:merge
text,name,Name,,,
image,one,One photo,,max-pixels=800,
image,many,Many photos,,,union
image,sign,Name below,signature,,
image,sketch,Sketch,draw,,
image,marked,Marked,annotate,,
audio,said,Said,,,
file,paper,Paper,,,
`;

const county = new County(work);
const sheets = path.join(work, 'album');
fs.mkdirSync(sheets);
fs.writeFileSync(path.join(sheets, 'survey.csv'), SURVEY);
fs.writeFileSync(path.join(sheets, 'settings.csv'), 'form_id,form_title,version,instance_name\n' +
  'album,Album,1,${name}\n');
county.syncd('form', 'publish', sheets);
await county.start();
const tablet = new Tablet(county, 'wang');
const other = new Tablet(county, 'zhao');
await tablet.start();
const { context, page } = await openBrowser('photos', { permissions: ['camera', 'microphone'],
  words: ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'] });
const question = (name) => page.getByRole('group', { name, exact: true });
const thumbs = (name) => question(name).locator('.thumb');
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const atCounty = (hash) => fs.readFileSync(path.join(work, 'county/attachments', hash.slice(0, 2),
  hash.slice(2, 4), hash));
const hashOf = (name, index = 0) => thumbs(name).nth(index).getAttribute('data-hash');
let record;

// The bytes of an attachment as the page gets them.
async function bytesOf(hash) {
  const text = await page.evaluate(async (name) => {
    const answer = await fetch(`/api/attachments/${name}`);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    let out = '';
    for (const byte of bytes) out += String.fromCharCode(byte);
    return btoa(out);
  }, hash);

  return Buffer.from(text, 'base64');
}

// A photo as a camera writes it: landscape pixels, held upright, and the place where it was taken.
async function cameraFile(name, width, height) {
  const text = await page.evaluate(async ([wide, high]) => {
    const canvas = document.createElement('canvas');
    canvas.width = wide;
    canvas.height = high;
    const pen = canvas.getContext('2d');
    const tile = pen.createImageData(256, 256);
    let state = 1;
    for (let i = 0; i < tile.data.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      tile.data[i] = i % 4 === 3 ? 255 : (state >>> 24) / 3 + 80;
    }
    for (let y = 0; y < high; y += 256) for (let x = 0; x < wide; x += 256)
      pen.putImageData(tile, x, y);
    pen.fillStyle = '#c00';
    pen.fillRect(0, 0, wide / 2, high / 2);
    const blob = await new Promise((done) => canvas.toBlob(done, 'image/jpeg', 0.9));
    const bytes = new Uint8Array(await blob.arrayBuffer());
    let out = '';
    for (const byte of bytes) out += String.fromCharCode(byte);
    return btoa(out);
  }, [width, height]);
  const jpeg = Buffer.from(text, 'base64');
  const exif = Buffer.concat([Buffer.from('Exif\0\0II*\0\x08\0\0\0\x01\0', 'latin1'),
    Buffer.from([0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0]),
    Buffer.from('28.7130N 113.6320E')]);
  const head = Buffer.from([0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 0xff]);
  const file = path.join(work, name);

  fs.writeFileSync(file, Buffer.concat([jpeg.subarray(0, 2), head, exif, jpeg.subarray(2)]));
  return file;
}

// Width and height out of the frame header.
function sizeOf(jpeg) {
  for (let at = 2; at < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2))
    if (jpeg[at + 1] >= 0xc0 && jpeg[at + 1] <= 0xc2)
      return [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)];
  return [0, 0];
}

async function begin() {
  await launch(page, tablet);
  await unlock(page, tablet);
  await page.getByRole('link', { name: '新户' }).click();
  await page.getByRole('button', { name: '开始填写' }).click();
  await page.getByLabel('Name', { exact: true }).fill('王桂兰');
  await saved(page);
}

async function camera() {
  await question('One photo').getByRole('button', { name: '拍照' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: '拍下' }).click();
  await dialog.getByRole('button', { name: '使用这张' }).waitFor();
  await dialog.getByRole('button', { name: '重拍' }).click();
  await dialog.getByRole('button', { name: '拍下' }).waitFor();
  await look(page, 'camera');
  await dialog.getByRole('button', { name: '拍下' }).click();
  await dialog.getByRole('button', { name: '使用这张' }).click();
  await thumbs('One photo').waitFor();
  const bytes = await bytesOf(await hashOf('One photo'));
  check('a photo of the camera has the name of its content', sha256(bytes), await hashOf('One photo'));
  ok(Math.max(...sizeOf(bytes)) <= 800 && sizeOf(bytes)[0] > 0, 'and the size that the form allows',
    sizeOf(bytes).join(' '));
  ok(await page.evaluate(() => document.querySelectorAll('video').length) === 0,
    'the camera is given back');
}

async function choose() {
  const big = await cameraFile('big.jpg', 4000, 3000);
  const small = await cameraFile('small.jpg', 640, 480);
  const chooser = question('Many photos').locator('input[type=file]');

  ok(fs.statSync(big).size > 3e6, `a photo of ${fs.statSync(big).size} bytes`);
  await chooser.setInputFiles([big, small]);
  await thumbs('Many photos').nth(1).waitFor();
  const bytes = await bytesOf(await hashOf('Many photos'));
  check('it is upright and made smaller', sizeOf(bytes).join(' '), '1200 1600');
  ok(!bytes.includes('Exif') && !bytes.includes('113.6320'), 'and tells nothing but the picture');
  check('a small one stays as large', sizeOf(await bytesOf(await hashOf('Many photos', 1))).join(' '),
    '480 640');
  fs.writeFileSync(path.join(work, 'text.jpg'), 'no photo at all');
  fs.writeFileSync(path.join(work, 'empty.jpg'), '');
  fs.writeFileSync(path.join(work, 'cut.jpg'), fs.readFileSync(small).subarray(0, 400));
  for (const [name, words] of [['text.jpg', '这不是照片'], ['empty.jpg', '文件是空的'], ['cut.jpg', '这不是照片']]) {
    await chooser.setInputFiles(path.join(work, name));
    await question('Many photos').getByRole('alert').getByText(words).waitFor();
  }
  check('what is no photo is refused', await thumbs('Many photos').count(), 2);
}

async function takeAway() {
  const first = await hashOf('Many photos');

  await thumbs('Many photos').first().getByRole('button', { name: /删除/ }).click();
  await page.locator(`.thumb[data-hash="${first}"]`).waitFor({ state: 'detached' });
  await saved(page);
  await page.getByRole('button', { name: '撤销' }).click();
  await page.locator(`.thumb[data-hash="${first}"]`).waitFor();
  check('what was removed comes back', await thumbs('Many photos').count(), 2);
  await saved(page);
}

async function write(name, button, keep) {
  await question(name).getByRole('button', { name: button }).click();
  const pad = page.locator('canvas.pad');
  const box = await pad.boundingBox();
  const stroke = async (...points) => {
    await page.mouse.move(box.x + box.width * points[0][0], box.y + box.height * points[0][1]);
    await page.mouse.down();
    for (const [x, y] of points.slice(1))
      await page.mouse.move(box.x + box.width * x, box.y + box.height * y, { steps: 5 });
    await page.mouse.up();
  };

  await page.getByRole('button', { name: keep }).click();
  await page.getByText('还没有写任何内容').waitFor();
  await stroke([0.1, 0.2], [0.4, 0.8], [0.6, 0.2]);
  await stroke([0.5, 0.5], [0.9, 0.5]);
  await stroke([0.2, 0.9], [0.9, 0.9]);
  await page.getByRole('button', { name: '撤销一笔' }).click();
  if (name === 'Name below') await look(page, 'signature');
  await page.getByRole('button', { name: keep }).click();
  await thumbs(name).waitFor();
  return bytesOf(await hashOf(name));
}

async function sign() {
  const png = await write('Name below', '签名', '保存签名');
  const at = png.indexOf('ygSt');

  check('a signature is a PNG', png.subarray(1, 4).toString(), 'PNG');
  const { strokes, height } = JSON.parse(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  check('with its strokes inside, without the one that was undone', strokes.length, 2);
  ok(height === 400 && strokes.every((one) => one.length % 3 === 0 && one.length > 6) &&
    Math.abs(strokes[0][0] - 100) < 5, 'as points and times', JSON.stringify(strokes).slice(0, 200));
  await write('Sketch', '画图', '保存图画');
  const marked = question('Marked');
  await marked.locator('input[type=file]').setInputFiles(path.join(work, 'small.jpg'));
  const pad = page.locator('canvas.pad');
  await pad.waitFor();
  const box = await pad.boundingBox();
  await page.mouse.move(box.x + 50, box.y + 50);
  await page.mouse.down();
  await page.mouse.move(box.x + 200, box.y + 120, { steps: 6 });
  await page.mouse.up();
  await look(page, 'annotate');
  await page.getByRole('button', { name: '保存图画' }).click();
  await thumbs('Marked').waitFor();
  const jpeg = await bytesOf(await hashOf('Marked'));
  ok(jpeg.includes('yg strokes {"height":'), 'a photo that was drawn on has its strokes, too');
}

async function speak() {
  await question('Said').getByRole('button', { name: '录音', exact: true }).click();
  await page.getByRole('timer').waitFor();
  await page.getByText(/00:0[1-9]/).waitFor(); // a slow page may jump over a second
  await page.getByRole('button', { name: '停止录音' }).click();
  await thumbs('Said').waitFor();
  const bytes = await bytesOf(await hashOf('Said'));
  ok(bytes.readUInt32BE(0) === 0x1a45dfa3 && bytes.length > 1000, `a recording of ${bytes.length} bytes`);
  await page.waitForFunction(() => document.querySelector('audio')?.readyState > 0);
  ok(true, 'that can be heard');
  fs.writeFileSync(path.join(work, 'paper.txt'), '证明');
  await question('Paper').locator('input[type=file]').setInputFiles(path.join(work, 'paper.txt'));
  await thumbs('Paper').waitFor();
  check('a file is kept as it is', (await bytesOf(await hashOf('Paper'))).toString(), '证明');
  await look(page, 'album');
}

async function reload() {
  await page.reload();
  await thumbs('Many photos').nth(1).waitFor();
  check('a reload shows all of them', await page.locator('.thumb').count(), 8);
  await question('Many photos').getByRole('button', { name: /放大查看/ }).first().click();
  await page.waitForFunction(() => document.querySelector('img.large')?.naturalWidth > 0);
  await look(page, 'photo-large');
  await page.keyboard.press('Escape');
  ok(!/[0-9a-f]{64}/.test(page.url()), 'no hash stands in the address of a page');
}

async function finish() {
  await page.goto(page.url().replace(/(#\/draft\/\d+).*/, '$1/overview'));
  await page.getByRole('button', { name: '完成并保存' }).click();
  await page.waitForURL(/#\/record\//);
  record = decodeURIComponent(page.url().split('#/record/')[1]);
  await page.getByRole('tab', { name: /照片/ }).click();
  await page.locator('.thumb[data-state=tablet]').nth(7).waitFor();
  ok(true, 'the record shows them, on this tablet only');
  await look(page, 'record-photos');
  await page.goto(page.url().replace(/#.*/, '#/sync'));
  await page.getByRole('button', { name: '立即同步' }).click();
  await page.getByText('能上报的都已上报').waitFor();
  await page.goto(page.url().replace(/#.*/, `#/record/${encodeURIComponent(record)}`));
  await page.getByRole('tab', { name: /照片/ }).click();
  await page.locator('.thumb[data-state=server]').nth(7).waitFor();
  const hashes = await page.locator('.thumb').evaluateAll((list) => list.map((one) => one.dataset.hash));
  const wrong = hashes.filter((hash) => sha256(atCounty(hash)) !== hash);
  ok(wrong.length === 0 && hashes.length === 8, 'all are in the county, byte for byte', wrong.join(' '));
}

async function elsewhere() {
  const photos = () => page.goto(page.url().replace(/#.*/, `#/record/${encodeURIComponent(record)}`))
    .then(() => page.getByRole('tab', { name: /照片/ }).click());

  other.agent('sync');
  await other.start();
  await launch(page, other);
  await unlock(page, other);
  await page.getByText('王桂兰').first().click();
  await page.waitForURL(/#\/record\//);
  await page.getByRole('tab', { name: /照片/ }).click();
  await page.locator('.thumb[data-state=elsewhere]').nth(7).waitFor();
  ok(true, 'the other tablet says that they are not here');
  await look(page, 'photos-elsewhere');
  await county.stop();
  await page.getByRole('button', { name: '取回照片' }).first().click();
  await page.getByRole('alert').waitFor();
  ok(true, 'without a network it is told so');
  await county.start();
  await photos();
  await page.getByRole('button', { name: '取回照片' }).first().click();
  const copy = page.locator('.thumb[data-state=copy]');
  await copy.waitFor();
  const hash = await copy.getAttribute('data-hash');
  check('one tap brings one of them', `${await copy.count()} ${sha256(await bytesOf(hash))}`, `1 ${hash}`);
  await look(page, 'photos-fetched');
  check('the next sync has nothing to say of it', JSON.parse(other.agent('sync', '--json')).requests, 1);
  check('the command line lists them', JSON.parse(other.agent('attachments', record, '--json'))
    .filter((one) => one.state === 'copy').map((one) => one.hash).join(), hash);
  check('and the tablet is whole', await other.stop(), 0);
}

for (const part of [begin, camera, choose, takeAway, sign, speak, reload, finish, elsewhere]) {
  try {
    await part();
  } catch (error) {
    ok(false, `${part.name} goes through`, `${error.message}\n${await page.locator('body')
      .innerText().catch(() => '')}`);
    await page.screenshot({ path: path.join(screens, `failed-${part.name}.png`) }).catch(() => {});
    break;
  }
}
ok(strangers.length === 0, 'nobody else was asked for anything', strangers.join('\n'));
ok(troubles.length === 0, 'the pages had nothing to complain of', troubles.join('\n'));
await context.close();
await tablet.stop();
await county.stop();
fs.rmSync(work, { recursive: true, force: true });
process.exitCode = end() ? 1 : 0;
