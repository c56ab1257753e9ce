// test_api.mjs: the web app's API on the real program: a day on two tablets through nothing else,
// the plug pulled while somebody types, and what strangers, other pages and bent names get.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import zlib from 'node:zlib';
import { tap } from '../client/test_vectors.mjs';
import { Browser, County, Tablet, area, build, folder, run, send } from './web.mjs';

const { ok, check, end } = tap();
const work = folder('api');
const county = new County(work);
county.publish('household');
await county.start();
const tablet = new Tablet(county, 'wang');
const other = new Tablet(county, 'zhang');
await tablet.start();
await other.start();
const wang = new Browser(tablet);
const zhang = new Browser(other);
const here = { host: `127.0.0.1:${tablet.port}` };
const synced = async (browser) => {
  check('a sync is asked for', (await browser.post('/api/sync')).status, 202);
  for (;;) {
    const { json } = await browser.get('/api/status');
    if (json.trouble) throw new Error(json.trouble.message);
    if (!json.syncing && json.unsent === 0) return json;
    await new Promise((done) => setTimeout(done, 20));
  }
};

// --- strangers ---

const page = fs.statSync(`${tablet.data}/launch.html`);
check('the launch page is the user\'s own', page.mode & 0o777, 0o600);
const asked = [
  ['GET', '/api/me'], ['GET', '/api/status'], ['GET', '/api/home'], ['GET', '/api/records'],
  ['GET', '/api/records/1-1'], ['GET', '/api/drafts/1'], ['GET', '/api/nothing'], ['GET', '/api'],
  ['POST', '/api/unlock'], ['POST', '/api/sync'], ['POST', '/api/drafts'], ['POST', '/api/nothing'],
  ['POST', '/api/bundle/write'],
];
for (const [method, target] of asked) {
  const post = method === 'POST' ? { 'content-type': 'application/json', origin: `http://${here.host}` } : {};
  const answer = await send(tablet.port, method, target, { ...here, ...post }, method === 'POST' ? '{}' : undefined);
  check(`without the cookie: ${method} ${target}`, `${answer.status} ${answer.json?.error}`, '401 launch');
}
for (const cookie of ['yg_1=0', `yg_${tablet.port}=${'0'.repeat(32)}`, `yg_${tablet.port}=`, `yg_${tablet.port}=zz`]) {
  const answer = await send(tablet.port, 'GET', '/api/me', { ...here, cookie });
  check(`with a cookie that nobody gave: ${cookie.slice(0, 20)}`, answer.status, 401);
}
for (const token of ['', '0'.repeat(32), tablet.token().slice(1), `${tablet.token()}0`, other.token()]) {
  const body = `token=${token}`;
  const answer = await send(
    tablet.port, 'POST', '/api/launch',
    { ...here, origin: 'null', 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length },
    body,
  );
  check('a wrong token opens nothing', `${answer.status} ${answer.headers['set-cookie']}`, '401 undefined');
}
{
  const answer = await wang.launch();
  check('the launch page opens the app', `${answer.status} ${answer.headers.location}`, '303 /');
  const cookie = answer.headers['set-cookie'][0];
  ok(/^yg_\d+=[0-9a-f]{32}; HttpOnly; SameSite=Strict; Path=\/$/.test(cookie), 'with a cookie that stays');
  ok(!cookie.includes(tablet.token()), 'which is not the token');
}
check('whoever came in that way is nobody yet', (await wang.get('/api/me')).json.person, null);
check('and sees nothing of a person', (await wang.get('/api/home')).json.error, 'locked');
check('a wrong secret', (await wang.post('/api/unlock', { person: 'wang', secret: 'secret-of-zhang' })).status, 403);
check('the right one', (await wang.unlock()).json.person.name, 'wang');
check('home is there', (await wang.get('/api/home')).json.counts.records, 0);

// --- other pages, bent names ---

for (const host of ['evil.example', `evil.example:${tablet.port}`, '127.0.0.1', `127.0.0.1:${tablet.port}0`,
  `127.0.0.2:${tablet.port}`, `127.0.0.1.evil.example:${tablet.port}`]) {
  for (const target of ['/api/me', '/']) {
    const answer = await send(tablet.port, 'GET', target, { ...wang.headers(), host });
    check(`Host: ${host} for ${target}`, answer.status, 421);
    ok(!answer.text.includes('wang'), '  and it is told nothing');
  }
}
check('no Host at all', await new Promise((done) => {
  const socket = net.connect(tablet.port, '127.0.0.1', () => socket.end('GET /api/me HTTP/1.0\r\n\r\n'));
  socket.once('data', (bytes) => done(/^HTTP\/1\.[01] (\d+)/.exec(bytes)?.[1]));
}), '421');
check('localhost is we, too', (await send(tablet.port, 'GET', '/api/me',
  { ...wang.headers(), host: `localhost:${tablet.port}` })).status, 200);
const post = (headers, body = '{}', target = '/api/lock') =>
  send(tablet.port, 'POST', target, { cookie: wang.cookie, 'content-type': 'application/json', ...headers }, body);
for (const headers of [
  {}, { origin: 'http://evil.example' }, { origin: 'null' }, { origin: `https://127.0.0.1:${tablet.port}` },
  { origin: `http://127.0.0.1:${other.port}` }, { origin: `http://localhost:${tablet.port}` }, { 'sec-fetch-site': 'cross-site' },
  { 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'none' },
  { 'sec-fetch-site': 'cross-site', origin: `http://127.0.0.1:${tablet.port}` },
])
  check(`a write with ${JSON.stringify(headers)}`, (await post(headers)).json.error, 'origin');
check('a foreign page cannot read either', (await send(tablet.port, 'GET', '/api/me',
  { ...wang.headers(), origin: 'http://evil.example' })).status, 403);
check('nor without Origin', (await send(tablet.port, 'GET', '/api/me',
  { cookie: wang.cookie, 'sec-fetch-site': 'cross-site' })).status, 403);
for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', 'application/jsonp', undefined]) {
  const headers = { origin: `http://${here.host}` };
  const answer = await send(tablet.port, 'POST', '/api/lock',
    { cookie: wang.cookie, ...headers, ...(type && { 'content-type': type }) }, '{}');
  check(`a write as ${type}`, answer.json.error, 'content_type');
}
check('a form cannot stand in for a file', (await wang.post('/api/bundle/read', Buffer.from('{}'))).status, 415);
for (const target of ['/api/lock', '/api/unlock', '/api/sync', '/api/drafts/1/finish', '/api/bundle/write', '/api/search'])
  check(`no write by GET: ${target}`, (await wang.get(target)).status, 404);
for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
  const answer = await send(tablet.port, method, '/api/lock', { ...wang.headers(), origin: 'http://evil.example' });
  check(`${method} is nothing here`, answer.status, 405);
  check('  and nothing is allowed to others', answer.headers['access-control-allow-origin'], undefined);
}
check('still unlocked after all that', (await wang.get('/api/me')).json.person.name, 'wang');

// --- paths, pages, headers ---

for (const target of ['/../etc/passwd', '/..%2f..%2fetc%2fpasswd', '/%2e%2e/tablet.db', '/api/../launch.html', '/tablet.db',
  '/launch.html', '//etc/passwd.txt', '/index.html/', '/.git/config', '/index.html%00.js', '/a%2fb.js', '/x.js']) {
  const answer = await send(tablet.port, 'GET', target, here);
  ok([400, 404].includes(answer.status), `${target}: ${answer.status}`);
}
{
  const first = await send(tablet.port, 'GET', '/', here);
  check('the first page', `${first.status} ${first.headers['content-type']} ${first.headers['cache-control']}`,
    '200 text/html; charset=utf-8 no-cache');
  const again = await send(tablet.port, 'GET', '/', { ...here, 'if-none-match': first.headers.etag });
  check('is not sent twice', `${again.status} ${again.bytes.length}`, '304 0');
  const packed = await send(tablet.port, 'GET', '/', { ...here, 'accept-encoding': 'br, gzip' });
  check('whoever takes gzip gets it packed', packed.headers['content-encoding'], 'gzip');
  ok(zlib.gunzipSync(packed.bytes).equals(first.bytes), '  and it is the same');
  for (const refusing of ['br', 'gzip;q=0', 'x-gzip'])
    check(`with ${refusing} it does not`, (await send(tablet.port, 'GET', '/', { ...here, 'accept-encoding': refusing }))
      .headers['content-encoding'], undefined);
  // On a slow tablet each further byte is time before one can type: 36 kB and 57 kB now.
  const weight = async (...targets) => (await Promise.all(targets.map((one) => send(tablet.port, 'GET', one,
    { ...here, 'accept-encoding': 'gzip' })))).reduce((sum, one) => sum + one.bytes.length, 0);
  const parts = [...first.text.matchAll(/(?:href|src)="([^"#]+)"/g)].map(([, name]) => `/${name}`);
  check('the first page is of few parts', [...parts].sort().join(' '), '/app.css /app.mjs /icon.svg');
  const [light, rest] = [await weight('/', ...parts), await weight('/pages.mjs')];
  ok(light <= 40000, `it comes in 40 kB: ${light}`);
  ok(rest <= 64000, `and all other pages in 64 kB: ${rest}`);
  check('a place inside the app is the same page', (await send(tablet.port, 'GET', '/record/1', here)).text, first.text);
  for (const answer of [first, await wang.get('/api/me'), await wang.get('/api/nothing'), await send(tablet.port, 'GET', '/', { host: 'x' })]) {
    check('the policy stands on every answer', answer.headers['content-security-policy'],
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; " +
        "connect-src 'self'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'");
    check('and the rest', ['x-content-type-options', 'referrer-policy', 'cross-origin-opener-policy',
      'cross-origin-resource-policy'].map((name) => answer.headers[name]).join(), 'nosniff,no-referrer,same-origin,same-origin');
    ok(/camera=\(self\).*geolocation=\(self\)/.test(answer.headers['permissions-policy']), 'camera and place are ours');
  }
  for (const target of ['/api/me', '/api/home', '/api/status', '/api/records'])
    check(`${target} is never stored`, (await wang.get(target)).headers['cache-control'], 'no-store');
}

// --- bodies ---

const big = Buffer.from(`{"words":"${'x'.repeat(100000)}"}`);
check('a body beyond its cap', (await wang.post('/api/search', big)).status, 413);
for (const body of ['', '[]', '{', '{"a":1}x', '"x"', '{"a":1,"a":2}', `${'['.repeat(5000)}`, '{"words":"\\u0000"}', '{"words":"\u0000"}', '{"words":7}'])
  ok([200, 400, 413].includes((await wang.post('/api/search', Buffer.from(body))).status), `search with ${JSON.stringify(body.slice(0, 20))}`);

// --- filling, and the plug pulled ---

const nasty = `<img onerror=a()></script>"'&\u2028`;
const begun = await wang.post('/api/drafts', { form: 'household', area });
check('a draft begins', begun.status, 200);
const draft = begun.json.draft;
const question = (answer, ref) => answer.json.questions.find((one) => one.ref === ref);
ok(question(begun, '/data/head/name').required, 'the name of the head is asked for');
const named = await wang.post(`/api/drafts/${draft}/answers`, {
  answers: [{ ref: 'home/group_name', value: nasty }, { ref: 'head/nothing', value: '1' }, { ref: 'head/phone' }],
});
check('an answer comes back as it was given', question(named, '/data/home/group_name').value, nasty);
check('alone: nothing else has changed', `${named.json.whole} ${named.json.questions.length}`, 'undefined 1');
check('what is refused is told by itself', named.json.refused.map((one) => one.error).join(), 'not_found,invalid');
const member = await wang.post(`/api/drafts/${draft}/add`, { ref: 'member' });
check('a member is added', member.json.added, '/data/member[1]');
const typed = await wang.post(`/api/drafts/${draft}/answers`, {
  answers: [{ ref: '/data/member[1]/name', value: '王桂兰' }, { ref: '/data/member[1]/relation', value: '02' },
    { ref: 'head/phone', value: '13800000001' }, { ref: 'head/name', value: '王桂兰' },
    { ref: 'privacy/told', value: 'OK' }],
});
check('they are taken', typed.json.refused.length, 0);
await tablet.kill();
await tablet.start();
check('after kill -9 the old cookie is worth nothing', (await wang.get('/api/me')).status, 401);
await wang.launch();
await wang.unlock();
const home = (await wang.get('/api/home')).json;
check('the draft is on the first page', home.drafts.map((one) => one.draft).join(), String(draft));
check('with its title', home.drafts[0].title, '王桂兰');
const resumed = await wang.get(`/api/drafts/${draft}`);
check('every answer is there', ['/data/head/name', '/data/head/phone', '/data/home/group_name', '/data/member[1]/name',
  '/data/member[1]/relation'].map((ref) => question(resumed, ref)?.value).join('\n'), ['王桂兰', '13800000001', nasty, '王桂兰', '02'].join('\n'));
const chinese = await wang.post(`/api/drafts/${draft}/language`, { language: 'zh' });
ok(/[一-龥]/.test(question(chinese, '/data/head/name').label), 'the questions speak Chinese');
check('an unknown language', (await wang.post(`/api/drafts/${draft}/language`, { language: 'xx' })).status, 404);
check('another number is no draft', (await wang.get('/api/drafts/99')).status, 404);
check('nor is a word', (await wang.post('/api/drafts/x/finish')).status, 404);
{
  await wang.post(`/api/drafts/${draft}/answers`, { answers: [{ ref: 'head/name', value: null }] });
  const refused = await wang.post(`/api/drafts/${draft}/finish`);
  check('what is missing is told', `${refused.status} ${refused.json.error}`, '422 problems');
  ok(question(refused, '/data/head/name').error.length > 0, 'beside the question');
  const given = await wang.post(`/api/drafts/${draft}/answers`, { answers: [{ ref: 'head/name', value: '王桂兰' }] });
  check('and mended', question(given, '/data/head/name').error, undefined);
}
let finished = await wang.post(`/api/drafts/${draft}/finish`);
for (let round = 0; finished.status === 422 && round < 5; round++) {
  const wanting = finished.json.questions.filter((one) => one.error);
  console.log(`# ${wanting.map((one) => `${one.ref}: ${one.error}`).join('; ')}`);
  await wang.post(`/api/drafts/${draft}/answers`, {
    answers: wanting.map((one) => ({ ref: one.ref, value: one.options?.[0].value ?? '1' })),
  });
  finished = await wang.post(`/api/drafts/${draft}/finish`);
}
check('the draft is finished', finished.status, 200);
const record = finished.json.id;
check('and gone', (await wang.get('/api/drafts')).json.drafts.length, 0);
check('a finished draft has no answers any more', (await wang.get(`/api/drafts/${draft}`)).status, 404);

{
  const scratch = await wang.post('/api/drafts', { form: 'household', area });
  await wang.post(`/api/drafts/${scratch.json.draft}/add`, { ref: 'member' });
  const all = (await wang.get(`/api/drafts/${scratch.json.draft}?all=1`)).json.questions;
  const texts = all.filter((one) => one.kind === 'input' && one.type === 'string' && !one.hidden && !one.read_only);
  ok(texts.length > 5, `${texts.length} text fields are there`);
  const given = await wang.post(`/api/drafts/${scratch.json.draft}/answers`, {
    answers: texts.map((one) => ({ ref: one.ref, value: nasty })),
  });
  const back = (await wang.get(`/api/drafts/${scratch.json.draft}`)).json.questions;
  check('script in every text field comes back as text', texts.map((one) => back.find((at) => at.ref === one.ref)?.value)
    .filter((value) => value !== nasty).length, given.json.refused.length);
  check('and none was refused', given.json.refused.length, 0);
  ok(!given.text.includes('<') && !given.text.includes('\u2028'), 'and would be harmless even inside a page');
  check('the scratch draft goes', (await wang.post(`/api/drafts/${scratch.json.draft}/discard`)).status, 200);
}

// --- reading ---

const flat = (values, out = {}) => {
  for (const value of values) {
    if (value.path && value.value !== undefined) out[value.path] = value.value;
    flat(value.values ?? [], out);
    for (const instance of value.instances ?? []) flat(instance.values, out);
  }
  return out;
};
const shown = async (browser) => (await browser.get(`/api/records/${record}`)).json;
{
  const seen = await shown(wang);
  const values = flat(seen.values);
  check('the record has the answers', `${values['home/group_name']} ${values['head/phone']}`, `${nasty} 13800000001`);
  const text = (await wang.get(`/api/records/${record}`)).text;
  ok(!text.includes('<img') && !text.includes('</script'), 'text of people is no markup even in a page');
  const relation = seen.values.find((one) => one.path === 'member').instances[0].values
    .find((one) => one.name === 'relation');
  check('a choice has its label', relation.text, '户主');
  check('it waits to be sent', seen.pending, true);
  const list = (await wang.get('/api/records?pending=1')).json;
  check('it is in the list of what waits', list.records.map((one) => one.id).join(), record);
  check('and is found by its name', (await wang.post('/api/search', { words: '桂兰' })).json.total, 1);
  check('but not by another', (await wang.post('/api/search', { words: '李' })).json.total, 0);
  check('words in the address are not looked at', (await wang.get('/api/records?words=zzz&search=zzz')).json.total, 1);
  check('its history', (await wang.get(`/api/records/${record}/history`)).json.map((one) => one.kind).join(), 'create');
  check('of one field', (await wang.get(`/api/records/${record}/history?path=head/phone`)).json[0].value, '13800000001');
  check('an unknown record', (await wang.get('/api/records/0000000000000001-1')).status, 404);
  check('a record that is no id', (await wang.get('/api/records/%3Cscript%3E')).status, 400);
}

// --- two tablets ---

await synced(wang);
check('nothing waits any more', (await shown(wang)).pending, false);
await zhang.launch();
await zhang.unlock();
await synced(zhang);
check('the other tablet has it', flat((await shown(zhang)).values)['home/group_name'], nasty);
for (const [browser, phone] of [[wang, '13900000002'], [zhang, '13900000003']]) {
  const edit = (await browser.post('/api/drafts', { record })).json;
  check('a draft of changes knows its record', edit.record, record);
  check('asked for again it is the same', (await browser.post('/api/drafts', { record })).json.draft, edit.draft);
  await browser.post(`/api/drafts/${edit.draft}/answers`, {
    answers: [{ ref: 'head/phone', value: phone }, { ref: 'head/name', value: `甲${phone.slice(-1)}` }],
  });
  const done = await browser.post(`/api/drafts/${edit.draft}/finish`);
  check('both change it', `${done.status} ${done.json.id}`, `200 ${record}`);
}
await synced(wang);
await synced(zhang);
await synced(wang);
const asked2 = await shown(wang);
const conflict = asked2.conflicts.find((one) => one.path === 'head/name');
check('both sides are kept', conflict?.sides.map((one) => `${one.value} ${one.author}`).sort().join(), '甲2 wang,甲3 zhang');
check('the question is on the first page', (await wang.get('/api/home')).json.conflicts.map((one) => one.id).join(), record);
const resolve = (browser, body) => browser.post(`/api/records/${record}/resolve`, { path: 'head/name', reason: 'asked', ...body });
check('whoever wrote one side may not decide', (await resolve(wang, { value: '乙' })).status, 403);
check('a decision needs a reason', (await resolve(wang, { value: '乙', reason: '' })).status, 400);
check('and one answer', (await resolve(wang, { value: '乙', remove: true })).status, 400);
tablet.agent('status');
execFileSync(path.join(build, 'yg-agent'), ['person', 'add', 'qian', '--person', 'wang', '--data', tablet.data], {
  env: { ...process.env, YG_PASSPHRASE: 'secret-of-wang', YG_NEW_PASSPHRASE: 'secret-of-qian' },
});
await synced(wang);
const qian = new Browser(tablet);
await qian.launch();
check('a second person unlocks', (await qian.unlock('qian')).json.person.name, 'qian');
check('and the first is still who he was', (await wang.get('/api/me')).json.person.name, 'wang');
check('drafts are one\'s own', (await qian.get('/api/drafts')).json.drafts.length, 0);
const decided = await resolve(qian, { keep: conflict.sides.find((one) => one.value === '甲3').dot });
check('somebody who wrote neither side decides', `${decided.status} ${decided.json.id}`, `200 ${record}`);
await synced(qian);
await synced(zhang);
check('the decision is on the other tablet', flat((await shown(zhang)).values)['head/name'], '甲3');
check('nothing is open', (await shown(zhang)).conflicts.length, 0);
const told = (await zhang.get(`/api/records/${record}/history`)).json.find((one) => one.kind === 'resolve');
check('and who decided, why, and what', `${told?.author} ${told?.reason} ${told?.fields?.map((one) => one.path)}`, 'qian asked head/name');
check('of the value, too', (await zhang.get(`/api/records/${record}/history?path=head/name`)).json.find((one) => one.live).reason, 'asked');
check('nothing was amended', (await shown(zhang)).amendments.length, 0);
check('switching is unlocking as the other', (await wang.unlock('qian')).json.person.name, 'qian');
await wang.unlock('wang');

// --- the county is away; a bundle by hand ---

await county.stop();
await wang.post('/api/sync');
for (let trouble; !trouble; await new Promise((done) => setTimeout(done, 20)))
  trouble = (await wang.get('/api/status')).json.trouble;
check('a sync that failed says so', (await wang.get('/api/status')).json.trouble.error, 'network');
const bundle = await wang.post('/api/bundle/write');
check('a bundle is written', `${bundle.status} ${bundle.headers['content-type']}`, '200 application/octet-stream');
const carried = await zhang.post('/api/bundle/read', bundle.bytes, 'application/octet-stream');
check('and carried by another tablet', `${carried.status} ${carried.json.from}`, '200 tablet');
check('what is none is refused', (await zhang.post('/api/bundle/read', Buffer.from('nonsense'), 'application/octet-stream')).status, 400);

// --- locks ---

check('lock', (await wang.post('/api/lock')).status, 200);
for (const target of ['/api/home', `/api/records/${record}`, '/api/drafts', '/api/records'])
  check(`locked: ${target}`, (await wang.get(target)).json.error, 'locked');
check('the other person is not', (await qian.get('/api/home')).status, 200);
await wang.unlock();
const lost = (await wang.post('/api/drafts', { form: 'household', area })).json.draft;
await wang.post(`/api/drafts/${lost}/answers`, { answers: [{ ref: 'head/name', value: '丙' }] });
tablet.agent('draft', 'answer', String(lost), 'head/phone=13800000009', '--person', 'wang');
check('the command line and the page write one draft', question(await wang.get(`/api/drafts/${lost}`), '/data/head/phone').value,
  '13800000009');
tablet.agent('lock');
check('a lock of the command line locks here, too', (await wang.get('/api/home')).json.error, 'locked');
tablet.agent('unlock', '--person', 'wang');
check('an unlock elsewhere does not open this browser', (await wang.get('/api/home')).json.error, 'locked');
await wang.unlock();
check('the draft has survived', question(await wang.get(`/api/drafts/${lost}`), '/data/head/name').value, '丙');
check('it is discarded', (await wang.post(`/api/drafts/${lost}/discard`)).status, 200);
check('and gone', (await wang.get('/api/drafts')).json.drafts.length, 0);
check('everybody locks', (await wang.post('/api/lock', { everybody: true })).status, 200);
check('then nobody is open', (await qian.get('/api/me')).json.persons.some((one) => one.open), false);

// --- open ---

fs.writeFileSync(`${work}/chromium`, `#!/bin/sh\nprintf '%s\\n' "$@" >"${work}/argv"\nfor a in "$@"; do case $a in --user-data-dir=*) ` +
  `touch "\${a#*=}/used"; ls -ld "\${a#*=}" >"${work}/profile";; esac; done\n`, { mode: 0o755 });
tablet.agent('open', '--browser', `${work}/chromium`);
const argv = fs.readFileSync(`${work}/argv`, 'utf8');
ok(argv.includes(`--app=file://${tablet.data}/launch.html`), 'open starts the browser on the launch page');
ok(!argv.includes(tablet.token()), 'the token is not in argv');
ok(argv.includes('launch.html\n'), 'without a language nothing is said of one');
for (const [said, words] of [['zh_CN.UTF-8', '#zh'], ['en_US.UTF-8', '#en'], ['fr_FR.UTF-8', '']]) {
  execFileSync(path.join(build, 'yg-agent'), ['open', '--browser', `${work}/chromium`, '--data', tablet.data],
    { env: { ...process.env, LC_ALL: '', LC_MESSAGES: '', LANG: said }, stdio: 'ignore' });
  ok(fs.readFileSync(`${work}/argv`, 'utf8').includes(`launch.html${words}\n`), `a language of the environment: ${said}`);
}
tablet.agent('open', '--browser', `${work}/chromium`, '--lang', 'en');
ok(fs.readFileSync(`${work}/argv`, 'utf8').includes('launch.html#en\n'), 'or of the command line');
for (const [said, where] of [['en', '/?language=en'], ['zh', '/?language=zh'], ['', '/'], ['x"><b>', '/']]) {
  const form = `token=${tablet.token()}&language=${encodeURIComponent(said)}`;
  const answer = await send(tablet.port, 'POST', '/api/launch', { host: `127.0.0.1:${tablet.port}`, origin: 'null',
    'content-type': 'application/x-www-form-urlencoded', 'content-length': form.length }, form);
  check(`the app opens in it: ${said}`, `${answer.status} ${answer.headers.location}`, `303 ${where}`);
}
ok(/^drwx------/.test(fs.readFileSync(`${work}/profile`, 'utf8')), 'in a profile of its own');
check('which is gone afterwards', fs.existsSync(/--user-data-dir=(.*)/.exec(argv)[1]), false);
fs.symlinkSync(tablet.data, `${work}/a b#c%d`);
run('yg-agent', ['open', '--browser', `${work}/chromium`, '--data', `${work}/a b#c%d`]);
ok(fs.readFileSync(`${work}/argv`, 'utf8').includes('/a%20b%23c%25d/launch.html'), 'any folder makes a good address');
check('the service ends well', await tablet.stop(), 0);
check('the launch page ends with the service', fs.existsSync(`${tablet.data}/launch.html`), false);
let opened = 0;
try {
  tablet.agent('open', '--browser', `${work}/chromium`);
} catch (error) {
  opened = error.status;
}
check('open without a service says so', opened, 1);
check('and so does the other', await other.stop(), 0);
fs.rmSync(work, { recursive: true });
process.exitCode = end() ? 1 : 0;
