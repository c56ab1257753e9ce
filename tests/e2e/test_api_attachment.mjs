// test_api_attachment.mjs: photos through the web app's API, and what is refused there: what is something
// else than it says, empty, cut off or too large; tricks with names and addresses; whoever has no cookie,
// has not unlocked, or may not see the area. What a draft held is gone with it. A photo that comes over a
// slow line holds up nobody.
import { execFile, execFileSync } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { tap } from '../client/test_vectors.mjs';
import { Browser, County, Tablet, area, build, folder, send } from './web.mjs';

const { ok, check, end } = tap();
const work = folder('api-attachment');
const county = new County(work);
const elsewhere = '430626117206';
fs.mkdirSync(`${work}/album`);
fs.writeFileSync(`${work}/album/survey.csv`, `type,name,label,bind::yg:merge,relevant,parameters
text,name,Name,,,
image,one,One,,,max-pixels=1024
image,many,Many,union,,
audio,said,Said,,,
file,paper,Paper,,,
image,late,Late,,\${name} = 'late',
`);
fs.writeFileSync(`${work}/album/settings.csv`, 'form_id,form_title,version\nalbum,Album,1\n');
county.syncd('form', 'publish', `${work}/album`);
await county.start();
const tablet = new Tablet(county, 'wang', `${area},${elsewhere}`);
await tablet.start();
const wang = new Browser(tablet);
const sha256 = (bytes) => crypto.createHash('sha256').update(bytes).digest('hex');
const FILE = 'application/octet-stream';

// Whole as far as structure goes.
function jpeg(size, seed) {
  const head = Buffer.from('ffd8ffe000040102ffc0000b080010001001011100ffda0008010100003f00', 'hex');
  const body = Buffer.alloc(size - head.length - 2);
  let state = seed;
  for (let i = 0; i < body.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    body[i] = (state >>> 24) % 255;
  }
  return Buffer.concat([head, body, Buffer.from('ffd9', 'hex')]);
}
const wav = Buffer.from('RIFF\x12\0\0\0WAVEdata\x05\0\0\x0012345\0', 'latin1');
const attach = (browser, draft, ref, bytes, type = FILE) =>
  browser.post(`/api/drafts/${draft}/attachments?ref=${encodeURIComponent(ref)}`, bytes, type);
const question = (answer, name) => answer.json.questions.find((one) => one.ref.endsWith(`/${name}`));

await wang.launch();
check('nobody has unlocked: sending', (await attach(wang, 1, 'one', jpeg(400, 1))).json.error, 'locked');
check('nobody has unlocked: looking', (await wang.get(`/api/attachments/${'0'.repeat(64)}`)).json.error, 'locked');
await wang.unlock();
const { draft } = (await wang.post('/api/drafts', { form: 'album', area })).json;

// --- what is good ---

const photo = jpeg(300000, 1);
const first = await attach(wang, draft, 'one', photo);
check('a photo is taken', `${first.status} ${first.json.hash}`, `200 ${sha256(photo)}`);
check('it is the answer', question(first, 'one').value, sha256(photo));
check('and is told', JSON.stringify(question(first, 'one').attachments), JSON.stringify(
  [{ hash: sha256(photo), state: 'draft', type: 'image/jpeg', bytes: 300000 }]));
check('the page knows what is asked for', ['one', 'many', 'said', 'paper'].map((name) =>
  `${question(first, name).accept} ${question(first, name).several ?? false} ${question(first, name).max_pixels}`).join(),
'image false 1024,image true undefined,audio false undefined,file false undefined');
{
  const back = await wang.get(`/api/attachments/${sha256(photo)}`);
  ok(back.bytes.equals(photo), 'it comes back byte for byte');
  check('as what it is', ['content-type', 'x-content-type-options', 'cache-control', 'content-disposition']
    .map((name) => back.headers[name]).join(), 'image/jpeg,nosniff,no-store,');
  ok(back.headers['content-security-policy'].startsWith("default-src 'none'"), 'under the policy of the house');
}
check('another one takes its place', question(await attach(wang, draft, '/data/one', jpeg(500, 2)), 'one').value,
  sha256(jpeg(500, 2)));
await attach(wang, draft, 'many', jpeg(500, 3));
const two = await attach(wang, draft, 'many', jpeg(500, 4));
const pair = [jpeg(500, 3), jpeg(500, 4)].map(sha256);
check('or stands beside it', question(two, 'many').value, pair.join(' '));
check('the same once', question(await attach(wang, draft, 'many', jpeg(500, 3)), 'many').value, pair.join(' '));
check('sound', (await attach(wang, draft, 'said', wav)).json.hash, sha256(wav));
{
  const page = Buffer.from('<html><script>alert(1)</script>');
  const { hash } = (await attach(wang, draft, 'paper', page)).json;
  const back = await wang.get(`/api/attachments/${hash}`);
  check('a page that somebody attached is never shown as one', `${back.headers['content-type']} ${
    back.headers['content-disposition']}`, 'application/octet-stream attachment');
}

// --- what is not ---

for (const [what, ref, bytes, status, error] of [
  ['text as a photo', 'one', Buffer.from('no photo at all'), 400, 'invalid'],
  ['a page as a photo', 'one', Buffer.from('<svg onload=a()>'), 400, 'invalid'],
  ['sound as a photo', 'one', wav, 400, 'invalid'],
  ['a photo as sound', 'said', jpeg(400, 5), 400, 'invalid'],
  ['nothing', 'one', Buffer.alloc(0), 400, 'invalid'],
  ['nothing as a file', 'paper', Buffer.alloc(0), 400, 'invalid'],
  ['one that was cut off', 'one', photo.subarray(0, 20000), 400, 'invalid'],
  ['one that is too large', 'one', jpeg(8 * 1024 * 1024 + 1, 6), 413, 'limit'],
  ['a photo for a text', 'name', jpeg(400, 5), 400, 'invalid'],
  ['a photo for a question that does not apply', 'late', jpeg(400, 5), 403, 'denied'],
  ['a photo for nothing', '', jpeg(400, 5), 400, 'invalid'],
  ['for a question that is not there', 'other', jpeg(400, 5), 404, 'not_found'],
  ['for a file of the disk', '../../../etc/passwd', jpeg(400, 5), 404, 'not_found'],
  ['for a script', '<img src=x onerror=a()>.jpg', jpeg(400, 5), 404, 'not_found'],
  ['for the whole form', '/data', jpeg(400, 5), 400, 'invalid'],
  ['for a very long one', 'x'.repeat(5000), jpeg(400, 5), 400, 'invalid'],
]) {
  const answer = await attach(wang, draft, ref, bytes);
  check(what, `${answer.status} ${answer.json?.error}`, `${status} ${error}`);
}
check('a file that is too large is refused before it comes', (await send(tablet.port, 'POST',
  `/api/drafts/${draft}/attachments?ref=paper`, { ...wang.headers(), origin: `http://127.0.0.1:${tablet.port}`,
    'content-type': FILE, 'content-length': 32 * 1024 * 1024 + 1, connection: 'close' })).status, 413);
check('as JSON it is none', (await attach(wang, draft, 'one', jpeg(400, 5), 'application/json')).status, 415);
check('nor as a form', (await attach(wang, draft, 'one', jpeg(400, 5), 'multipart/form-data')).status, 415);
check('into a draft that is not there', (await attach(wang, 99, 'one', jpeg(400, 5))).status, 404);
const here = `http://127.0.0.1:${tablet.port}`;
const target = `/api/drafts/${draft}/attachments?ref=one`;
for (const [what, headers, error] of [
  ['without the cookie', { origin: here }, 'launch'],
  ['from another page', { cookie: wang.cookie, origin: 'http://evil.example' }, 'origin'],
  ['from nowhere', { cookie: wang.cookie }, 'origin']])
  check(`sent ${what}`, (await send(tablet.port, 'POST', target, { 'content-type': FILE, ...headers }, jpeg(400, 5)))
    .json?.error, error);
check('nothing of all that is in the answer', question(await wang.get(`/api/drafts/${draft}`), 'one').value,
  sha256(jpeg(500, 2)));
for (const name of ['0'.repeat(64), sha256(photo).slice(1), `${sha256(photo)}0`, 'x'.repeat(64), '..%2f..%2fetc%2fpasswd',
  '%2e%2e', `${sha256(photo)}%00`, `..%2fattachments%2f${sha256(photo)}`]) {
  const answer = await wang.get(`/api/attachments/${name}`);
  ok([400, 404].includes(answer.status) && !answer.text.includes('root:'), `/api/attachments/${name.slice(0, 20)}: ${answer.status}`);
}
check('looked at without the cookie', (await send(tablet.port, 'GET', `/api/attachments/${sha256(photo)}`,
  { host: `127.0.0.1:${tablet.port}` })).json.error, 'launch');

// --- by name ---

const say = (ref, value) => wang.post(`/api/drafts/${draft}/answers`, { answers: [{ ref, value }] });
for (const [what, ref, value] of [['a name that nobody has seen', 'one', '0'.repeat(64)], ['two where one is asked for', 'one', pair.join(' ')],
  ['no name at all', 'many', 'photo.jpg'], ['a path', 'many', '../../launch.html']])
  check(`${what} is refused`, (await say(ref, value)).json.refused.length, 1);
check('one is taken out', question(await say('many', pair[1]), 'many').value, pair[1]);
check('and put back', question(await say('many', `${pair[1]} ${pair[0]}`), 'many').attachments.map((one) => one.state).join(),
  'draft,draft');
check('and out again', question(await say('many', pair[1]), 'many').value, pair[1]);

// --- another person, and the ends of drafts ---

execFileSync(path.join(build, 'yg-agent'), ['person', 'add', 'qian', '--areas', elsewhere, '--person', 'wang', '--data', tablet.data], {
  env: { ...process.env, YG_PASSPHRASE: 'secret-of-wang', YG_NEW_PASSPHRASE: 'secret-of-qian' }, stdio: 'ignore' });
const qian = new Browser(tablet);
await qian.launch();
check('another person unlocks', (await qian.unlock('qian')).status, 200);
check('and does not see what lies in an area that is not his', (await qian.get(`/api/attachments/${pair[1]}`)).status, 404);
check('nor sends into a draft of somebody else', (await attach(qian, draft, 'one', jpeg(400, 5))).status, 404);
await tablet.kill();
await tablet.start();
await wang.launch();
await wang.unlock();
ok((await wang.get(`/api/attachments/${pair[1]}`)).bytes.equals(jpeg(500, 4)), 'after kill -9 it is there');
await say('name', '王桂兰');
const saved = await wang.post(`/api/drafts/${draft}/finish`);
check('the draft is finished', saved.status, 200);
const shown = await wang.get(`/api/records/${saved.json.id}`);
const value = (name) => shown.json.values.find((one) => one.name === name);
check('the record tells where they are', `${value('one').attachments[0].state} ${value('many').elements[0].attachments[0].state}`,
  'tablet tablet');
check('what was replaced is gone', (await wang.get(`/api/attachments/${sha256(photo)}`)).status, 404);
check('and what was taken out', (await wang.get(`/api/attachments/${pair[0]}`)).status, 404);
const again = (await wang.post('/api/drafts', { record: saved.json.id })).json;
check('changing it shows them', question({ json: again }, 'many').attachments[0].state, 'tablet');
const lost = jpeg(700, 9);
await attach(wang, again.draft, 'many', lost);
await wang.post(`/api/drafts/${again.draft}/discard`);
check('what a discarded draft held is gone', (await wang.get(`/api/attachments/${sha256(lost)}`)).status, 404);
ok((await wang.get(`/api/attachments/${pair[1]}`)).bytes.equals(jpeg(500, 4)), 'what the record names is not');

// --- over a line that stands still ---

// Before the county: while it is shut, whoever comes waits; `taken` is called when somebody does.
const gate = { shut: null, taken: () => {} };
const pass = (caller) => {
  const callee = net.connect(Number(new URL(county.url).port), '127.0.0.1');
  for (const [from, to] of [[caller, callee], [callee, caller]]) {
    from.pipe(to);
    from.on('error', () => to.destroy());
  }
};
const server = net.createServer((caller) => {
  if (!gate.shut) return pass(caller);
  gate.shut.push(caller);
  return gate.taken();
});
await new Promise((done) => server.listen(0, '127.0.0.1', done));
const shut = () => {
  gate.shut = [];
  return new Promise((done) => { gate.taken = done; });
};
const open = () => {
  gate.shut.forEach(pass);
  gate.shut = null;
};

tablet.agent('sync');
const far = new Tablet(county, 'zhang');
// Not in step: the gate is of this process.
await promisify(execFile)(path.join(build, 'yg-agent'), ['sync', '--server', `https://127.0.0.1:${
  server.address().port}`, '--data', far.data], { env: { ...process.env, YG_PASSPHRASE: 'secret-of-zhang' } });
await far.start();
const zhang = new Browser(far);
await zhang.launch();
await zhang.unlock();
const bring = (hash) => zhang.post(`/api/records/${saved.json.id}/fetch`, { hash });
{
  const taken = shut();
  let answered = 0;
  const three = [1, 2, 3].map(() => bring(pair[1]).then((answer) => { answered++; return answer; }));

  await taken;
  for (const where of ['/api/me', '/api/status', '/api/home', '/', `/api/records/${saved.json.id}`])
    check(`while a photo is on its way: ${where}`, (await zhang.get(where)).status, 200);
  check('and it is still on its way', answered, 0);
  open();
  check('it comes, once for all who asked', (await Promise.all(three)).map((answer) => `${answer.status} ${
    answer.json.find((one) => one.hash === pair[1]).state}`).join(), '200 copy,200 copy,200 copy');
  ok((await zhang.get(`/api/attachments/${pair[1]}`)).bytes.equals(jpeg(500, 4)), 'byte for byte');
  const headers = (await three[0]).headers;
  ok(headers['content-security-policy'] && headers['x-content-type-options'] === 'nosniff',
    'under the policy of the house, too');
}
{
  const taken = shut();
  const many = Array.from({ length: 20 }, () => bring(sha256(jpeg(500, 2))));

  await taken;
  ok((await Promise.race(many)).status === 429, 'who asks for very many is told to wait');
  const ended = far.stop();
  open();
  const answers = await Promise.allSettled(many);
  ok(answers.every((one) => one.status === 'rejected' || [200, 429, 503].includes(one.value.status)),
    'whoever stops in between answers them all', JSON.stringify(answers.map((one) => one.value?.status)));
  check('and ends well', await ended, 0);
}
server.close();
check('the service ends well', await tablet.stop(), 0);
await county.stop();
fs.rmSync(work, { recursive: true });
process.exitCode = end() ? 1 : 0;
