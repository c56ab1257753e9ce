// test_console_token.mjs: programs that read at the console with a token, on the real program: what
// they get, what ends them, and what strangers who guess get.
import { tap } from '../client/test_vectors.mjs';
import { ConsoleCounty } from './console.mjs';
import { Tablet, area, folder, send } from './web.mjs';
import fs from 'node:fs';

const { ok, check, end } = tap();
const county = new ConsoleCounty(folder('console-token'));
for (const role of ['county', 'clerk', 'admin', 'auditor']) county.add(role);
county.publish('household');
await county.start();
const other = '430626117206';
const wang = new Tablet(county, 'wang', `${area},${other}`);
const made = [];
for (const [name, where] of [['王桂兰', area], ['李国强', other]]) {
  fs.writeFileSync(`${county.work}/one.json`, JSON.stringify({ head: { name },
    bank: { bank_name: '农商行', account_name: name, account_no: '6222000011112222' } }));
  made.push(wang.agent('new', 'household', '--area', where, '--draft', '--file', `${county.work}/one.json`));
}
wang.agent('sync');
const reviewer = await county.browser('county');
const admin = await county.browser('admin');

const ask = (token, method, target, body, headers = {}) => send(county.consolePort, method, target, {
  authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
  body === undefined ? undefined : JSON.stringify(body));
const make = async (browser, order, who = 'county') =>
  (await browser.post('/api/tokens', { secret: county.people[who].secret, ...order }));
const log = () => JSON.parse(county.syncd('log', '--json'));

// --- making one ---

check('a token takes the secret once more', (await make(reviewer, { name: 'x', may: 'read', secret: 'no' })).json.error, 'denied');
check('  and says what it may', (await make(reviewer, { name: 'x', may: '' })).json.error, 'invalid');
check('  which is something that there is', (await make(reviewer, { name: 'x', may: 'write' })).json.error, 'invalid');
check('  more than to reveal', (await make(reviewer, { name: 'x', may: 'reveal' })).json.error, 'invalid');
check('never more than its person', (await make(reviewer, { name: 'x', may: 'audit' })).json.error, 'denied');
check('  an administrator gives no households away', (await make(admin, { name: 'x', may: 'read' }, 'admin')).json.error, 'denied');
check('  nor areas that are not his', (await make(reviewer, { name: 'x', may: 'read', areas: ['430621'] })).json.error, 'denied');
check('a day that is past', (await make(reviewer, { name: 'x', may: 'read', until: '2020-01-01' })).json.error, 'invalid');
const { token } = (await make(reviewer, { name: 'figures', may: 'read,export', areas: [area] })).json;
ok(/^ygt_[0-9a-f]{64}$/.test(token), 'a token has 256 bits');
check('its name stands once', (await make(reviewer, { name: 'figures', may: 'read' })).json.error, 'conflict');
for (const file of ['county.db', 'county.db-wal']) {
  const bytes = fs.readFileSync(`${county.work}/county/${file}`);
  ok(!bytes.includes(token.slice(4)) && !bytes.includes(Buffer.from(token.slice(4), 'hex')), `and is not in ${file}`);
}

// --- reading ---

{
  const me = (await ask(token, 'GET', '/api/me')).json;
  check('who it is', `${me.name} ${me.token} ${me.areas.map((one) => one.area).join()}`, `county figures ${area}`);
  const list = (await ask(token, 'GET', '/api/records?form=household')).json;
  check('it reads what lies in its areas', list.items.map((one) => one.title).join(), '王桂兰');
  check('also by a search', (await ask(token, 'POST', '/api/records', { text: '李国强' })).json.total, 0);
  const record = await ask(token, 'GET', `/api/records/${made[0]}`);
  ok(record.status === 200 && !record.text.includes('6222000011112222'), 'a record is masked');
  check('one elsewhere is not there', (await ask(token, 'GET', `/api/records/${made[1]}`)).status, 404);
  check('what lies elsewhere is refused', (await ask(token, 'GET', `/api/records?area=${other}`)).status, 403);
  check('behind the mask it does not look', (await ask(token, 'POST', `/api/records/${made[0]}/reveal`, { reason: 'x' })).json.error, 'token');
  const file = await ask(token, 'POST', '/api/records/export', { form: 'household', format: 'csv' });
  ok(file.status === 200 && file.text.includes('王桂兰') && !file.text.includes('李国强') && !file.text.includes('6222000011112222'),
    'it takes away its areas, masked', file.text);
  check('  not unmasked', (await ask(token, 'POST', '/api/records/export', { form: 'household', format: 'csv', reveal: '1', reason: 'x' })).json.error, 'token');
  check('it writes nothing', (await ask(token, 'POST', `/api/records/${made[0]}/notes`, { text: 'x' })).json.error, 'token');
  check('  and makes no other token', (await ask(token, 'POST', '/api/tokens', { name: 'y', may: 'read', secret: county.people.county.secret })).json.error, 'token');
  check('another page cannot make a browser send it a form', (await ask(token, 'POST', '/api/records', undefined,
    { 'content-type': 'text/plain' })).json.error, 'content_type');
  check('what it took away stands in the log under its name', log().filter((one) => one.action === 'token use')
    .map((one) => `${one.who} ${one.object.slice(17)} ${one.reason}`).at(-1), 'county figures POST /api/records/export');
  const item = (await reviewer.get('/api/tokens')).json.items.find((one) => one.name === 'figures');
  ok(item.used && item.address === '127.0.0.1' && item.may === 'read,export' && !item.over, 'its last use is shown', JSON.stringify(item));
}

// --- behind the mask ---

{
  const open = (await make(reviewer, { name: 'open', may: 'read,export,reveal' })).json.token;
  check('it says why, as people do', (await ask(open, 'POST', `/api/records/${made[0]}/reveal`, {})).json.error, 'invalid');
  ok((await ask(open, 'POST', `/api/records/${made[0]}/reveal`, { reason: '对账' })).text.includes('6222000011112222'), 'then it sees');
  ok((await ask(open, 'POST', '/api/records/export', { form: 'household', format: 'csv', reveal: '1', reason: '对账' }))
    .text.includes('6222000011112222'), '  and takes away');
  check('each of it is in the log, with its token', log().filter((one) => ['token use', 'reveal'].includes(one.action)).slice(-3)
    .map((one) => one.action).join(), 'token use,reveal,token use');
}

// --- one or the other ---

check('a cookie beside it is refused', (await ask(token, 'GET', '/api/me', undefined, { cookie: reviewer.cookie })).json.error, 'both');
check('  any', (await ask(token, 'GET', '/api/me', undefined, { cookie: 'a=b' })).status, 400);
check('a token is no cookie', (await send(county.consolePort, 'GET', '/api/me', { cookie: `yg_desk=${token.slice(4)}` })).status, 401);
check('a cookie is no token', (await ask(`ygt_${reviewer.cookie.slice(8)}`, 'GET', '/api/me')).json.error, 'token');
check('it comes under our name only', (await ask(token, 'GET', '/api/me', undefined, { host: 'evil.example' })).status, 421);
check('no other way of saying who one is', (await ask(token, 'GET', '/api/me', undefined, { authorization: `Basic ${token}` })).status, 401);
check('a foreign page that knew it could read no answer', (await ask(token, 'GET', '/api/me', undefined,
  { origin: 'http://evil.example' })).headers['access-control-allow-origin'], undefined);

// --- the end of it ---

{
  const of = async (name) => (await reviewer.get('/api/tokens')).json.items.find((one) => one.name === name);
  const mine = (await make(reviewer, { name: 'mine', may: 'read' })).json.token;
  check('a new secret of its person leaves it', (await reviewer.post('/api/secret', { old: county.people.county.secret, new: 'another secret of county' })).status, 200);
  county.people.county.secret = 'another secret of county';
  check('', (await ask(mine, 'GET', '/api/me')).status, 200);
  check('it is no login that could be ended', (await reviewer.get('/api/sessions')).json.items.length, 1);
  check('nobody else revokes it', (await (await county.browser('clerk')).post(`/api/tokens/${(await of('mine')).token}/revoke`)).status, 404);
  check('its person does', (await reviewer.post(`/api/tokens/${(await of('mine')).token}/revoke`)).status, 200);
  check('and it is worth nothing at once', (await ask(mine, 'GET', '/api/me')).json.error, 'token');
  const all = (await admin.get('/api/people/tokens')).json.items;
  check('an administrator sees everybody\'s', all.map((one) => `${one.person.name} ${one.name}`).sort().join(), 'county figures,county open');
  const figures = all.find((one) => one.name === 'figures');
  check('  revokes with a reason', (await admin.post(`/api/people/${figures.person.person}/tokens/${figures.token}/revoke`)).json.error, 'invalid');
  check('', (await admin.post(`/api/people/${figures.person.person}/tokens/${figures.token}/revoke`, { reason: 'leaked' })).status, 200);
  check('  at once', (await ask(token, 'GET', '/api/me')).status, 401);
  const clerk = await county.browser('clerk');
  const small = (await make(clerk, { name: 'small', may: 'read' }, 'clerk')).json.token;
  const person = (await clerk.get('/api/me')).json.person;
  check('other rights of its person end it', (await admin.post(`/api/people/${person}/rights`, { role: 'township', areas: [area], reason: 'moved' })).status, 200);
  check('', (await ask(small, 'GET', '/api/me')).status, 401);
}

// --- by the command line ---

{
  const said = county.syncdAs(county.people.auditor.secret, 'token', 'add', 'inspector', '--as', 'auditor', '--may', 'read,audit', '--areas', area).trim();
  check('a token of the command line', (await ask(said, 'GET', '/api/log')).status, 200);
  const [item] = JSON.parse(county.syncd('token', 'list', '--json')).filter((one) => one.name === 'inspector');
  check('is listed', `${item.person} ${item.may} ${item.areas.join()}`, `auditor read,audit ${area}`);
  county.syncd('token', 'revoke', item.token, '--reason', 'done');
  check('and revoked', (await ask(said, 'GET', '/api/log')).status, 401);
}

// --- guessing ---

{
  const answers = [];
  for (let i = 0; i < 60; i++) answers.push((await ask(`ygt_${String(i).padStart(64, '0')}`, 'GET', '/api/me')).status);
  ok(answers.slice(0, 30).every((one) => one === 401) && answers.at(-1) === 429, 'wrong tokens are slowed', answers.join());
  check('people log in meanwhile', (await reviewer.login('county')).status, 200);
  ok(log().some((one) => one.action === 'token refused' && one.object === '127.0.0.1'), 'and it is in the log, with the address');
}
check('it stops', await county.stop() ?? 0, 0);
end();
